"""Data variables, and reading any value at the indices that its name carries."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Input, Support
from formula2dgm.reading.names import Name, plain
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.data.weights import is_weight
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

# -- data ----------------------------------------------------------------------------------------------


#: Accents that make another copy of a variable: ``z'`` is drawn if z is.
COPIES = frozenset(("prime", "hat", "tilde"))


def data(context: Context, name: Name, scope: Scope, symbol: tree.Symbol) -> ir.Node:
    """A variable that the caller passes. One that some expectation draws elsewhere is an error here."""
    plain_name = replace(name, accents=tuple(each for each in name.accents if each not in COPIES))
    if name.id in context.latent or plain_name.id in context.latent:
        raise context.refuse(
            "F2D-0205",
            f"{name.id} is neither data nor drawn here: it is drawn only inside another expectation or divergence",
            symbol.span,
            f"move the term into the expectation over {name.id}, or give it one of its own",
        )
    _refuse_unbound_index(context, name, symbol)
    plates = _plates_of(context, name, scope, symbol)
    times = [axis for axis in _index_axes(name, scope) if axis.kind == "time"]
    own = (scope.batch, *plates, *times[:1])
    add_input(context, name, tuple(axis.of or axis if axis.kind == "time" else axis for axis in own), symbol)
    space = context.model.spaces.get(name.id)
    number = bool(times) and space is not None and space.shape == () and space.kind in ("real", "unit", "binary")
    number = number or is_weight(context, name)
    node = context.arena.make(ir.Data, name.id, own, number, origin=symbol)
    return indexed(context, node, name, scope, symbol)


def _plates_of(context: Context, name: Name, scope: Scope, symbol: tree.Symbol) -> tuple[Axis, ...]:
    """The plates that a variable is read at one position of; those it has behind them are part of what is read."""
    read = tuple(axis for axis in _index_axes(name, scope) if axis.kind == "plate")
    known = context.plated.get(name.id, ())
    if len(read) < len(known) and read != known[: len(read)]:
        raise context.refuse(
            "F2D-0407",
            f"{symbol} is read at {read[0].name} alone, but {name.id} runs along {known[0].name} first",
            symbol.span,
            f"write all indices of {name.id}",
        )
    return read


def _refuse_unbound_index(context: Context, name: Name, symbol: tree.Symbol) -> None:
    """``z_k`` where z is drawn and no sum binds k: a missing sum, not a data variable of that name."""
    if context.model.indices.is_named(symbol):
        return  # x_0 of q(x_{1:T}|x_0)
    if name.labels and (name.labels[-1] in INDEX_LETTERS or name.labels[-1].isdigit()):
        without = "_".join([name.style + name.letter, *name.accents, *name.labels[:-1]])
        if without in context.latent:
            index = name.labels[-1]
            raise context.refuse(
                "F2D-0204",
                f"the index {index} of {symbol} is bound by no sum",
                symbol.span,
                f"write a sum over {index}: \\frac1K \\sum_{{{index}=1}}^K",
            )


def add_input(context: Context, name: Name, axes: tuple[Axis, ...], symbol: tree.Symbol) -> None:
    """Enter a data variable among the program's inputs."""
    if name.id in context.inputs:
        return
    behind = context.plated.get(name.id, ())
    axes = (axes[0], *behind, *(each for each in axes[1:] if each.kind != "plate")) if behind else axes
    space = context.model.spaces.get(name.id) or context.model.spaces.get(name.base)
    shape = space.shape if space else None
    for key in (name.id, name.base) if name.id not in context.model.spaces else (name.id,):
        if key in context.options.dims:
            shape = (context.options.dims[key],)
            break
    shape = () if shape is None and is_weight(context, name) else shape
    kind: Support = space.kind if space else "unknown"
    bare = replace(
        symbol,
        sub=tuple(each for each in symbol.sub if each not in name.index),
        sup=tuple(each for each in symbol.sup if each not in name.index),
    )
    context.inputs[name.id] = Input(
        name.id,
        bare.latex(),
        axes,
        shape,
        kind,
        space.classes if space else None,
        symbol.span,
    )


# -- indices -------------------------------------------------------------------------------------------


def _index_axes(name: Name, scope: Scope) -> list[Axis]:
    return [scope.indices[text] for each in name.index if (text := plain(each)) is not None and text in scope.indices]


_RANGES = "draw z_{1:K} ~ q(z|x) and sum over k; for a sequence, sum over t"
_SHIFTS = "t - 1 reaches back one step, for a variable that is drawn at each t"


def size_named(context: Context, text: str) -> Axis | None:
    """The axis whose size a name stands for, where the data decide it: ``n`` of ``\\frac1n \\sum_{i=1}^n``, ``T``."""
    time = context.time
    if time is not None and text in time.ends and (time.axis.size is None or time.entries) and time.start == 1:
        return time.axis
    axes = (axis for (_, upper), axis in context.plates.items() if upper == text and axis.size is None)
    return next(axes, None)


def _along(context: Context, node: ir.Node, plates: tuple[Axis, ...]) -> ir.Node:
    """A data variable that an expectation binds, read at positions of its plates."""
    match node:
        case ir.Data(variable, own) if plates:
            return context.arena.inherit(context.arena.make(ir.Data, variable, (own[0], *plates, *own[1:])), node)
        case ir.Permuted(value, site, axis, entries) if plates:
            return context.arena.make(ir.Permuted, _along(context, value, plates), site, axis, entries)
    return node


def _is_all(context: Context, each: tree.Range, name: Name) -> bool:
    """``x_{1:n}`` beside a sum over ``x_i`` to n: all of x."""
    uppers = {upper for (_, upper), axis in context.plates.items() if axis in context.plated.get(name.id, ())}
    return str(each.lower) == "1" and str(each.upper) in uppers


def indexed(context: Context, node: ir.Node, name: Name, scope: Scope, symbol: tree.Symbol) -> ir.Node:
    """Read ``node`` at the indices the name carries. An index that runs along an axis of the node is that axis."""
    if name.id in context.plated and not any(axis.kind == "plate" for axis in node.axes):
        node = _along(context, node, _plates_of(context, name, scope, symbol))
    for each in name.index:
        text = plain(each)
        if isinstance(each, tree.Range | tree.OpenRange):
            if isinstance(each, tree.Range) and any(axis.kind == "sample" for axis in node.axes):
                continue
            if isinstance(each, tree.Range) and isinstance(node, ir.Data) and _is_all(context, each, name):
                continue
            raise context.refuse(
                "F2D-0405", f"ranges such as {symbol} are not yet understood here", symbol.span, _RANGES
            )
        if text is None:
            raise context.refuse(
                "F2D-0406", f"the index {each} of {symbol} is not yet understood", symbol.span, _SHIFTS
            )
        if text in scope.indices:
            axis = scope.indices[text]
            if axis in node.axes or axis.kind == "batch":
                continue
            if axis.of is not None:
                node = _other_example(context, node, axis)
                continue
            if axis.kind == "time" and isinstance(node, ir.Data):
                node = _along_time(context, node, axis)
                continue
            own = [known for known in node.axes if known.kind == "sample" and known not in scope.indices.values()]
            if len(own) == 1:
                node = context.arena.make(ir.At, node, own[0], context.arena.make(ir.Index, axis))
                continue
            raise context.refuse(
                "F2D-0407",
                f"{symbol} is read at {text}, but {name.id} does not run along {text}",
                symbol.span,
                f"draw it with that index: {symbol} ~ ..., under the sum over {text}; or say what functions make of "
                f"the last one: {symbol} = f_{text}({symbol.letter}_{{{text}-1}})",
            )
        raise context.refuse(
            "F2D-0204",
            f"the index {text} of {symbol} is bound by no sum",
            symbol.span,
            f"write a sum over {text}, or draw {name.id} with that index",
        )
    return node


def _along_time(context: Context, node: ir.Data, axis: Axis) -> ir.Node:
    """A data variable that an expectation binds, read at a step."""
    known = context.inputs.get(node.name)
    if known is not None and axis not in known.axes:
        context.inputs[node.name] = replace(known, axes=(*known.axes, axis))
    return context.arena.make(ir.Data, node.name, (*node.own, axis))


def at_another(context: Context, node: ir.Node, name: Name, scope: Scope) -> ir.Node:
    """What a definition without an index gives, ``z = f(x)``, read at the index of another example, ``z_j``."""
    axes = [axis for each in name.index if (axis := scope.indices.get(plain(each) or "")) is not None]
    others = [axis for axis in axes if axis.of is not None and axis.of.kind == "batch" and axis.of in node.axes]
    return _other_example(context, node, others[0]) if len(others) == 1 else node


def _other_example(context: Context, node: ir.Node, axis: Axis) -> ir.Node:
    """A value of the batch at the example that the second index of a pair is at."""
    assert axis.of is not None
    if axis.of not in node.axes:
        return node
    return context.arena.make(ir.At, node, axis.of, context.arena.make(ir.Index, axis))
