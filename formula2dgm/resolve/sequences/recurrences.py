r"""What a step carries to the next: draws that are read at ``t - 1``, and what ``h_t = f(h_{t-1}, x_t)`` defines.

What is read of the step before is known by a site before it is drawn or computed; once an objective is resolved, what
is carried and stands nowhere in its terms is evaluated, and goes with them.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.processes.schedules import at_number, is_schedule, reads_itself
from formula2dgm.resolve.scaffold.sizes import state_shape
from formula2dgm.resolve.sequences.timeline import read_at_other_steps
from formula2dgm.resolve.sequences.windows import lengths
from formula2dgm.resolve.statements.model import Model
from formula2dgm.resolve.statements.once import once
from formula2dgm.syntax import tree

# -- reading -------------------------------------------------------------------------------------------


def carried_before(
    context: Context, name: Name, lag: int, axis: Axis, scope: Scope, symbol: tree.Symbol, evaluate: Evaluate
) -> ir.Node | None:
    """A drawn or carried variable ``lag`` steps ago; None for what is known at all steps without a recurrence."""
    drawn = _is_drawn(context, name, scope)
    if not drawn and not is_state(context, name.full):
        return None
    time = context.time
    assert time is not None
    key = name.id if drawn else name.full
    own = time.own.get(key, (scope.batch, axis))
    start = initial(context, name, symbol, scope, evaluate, lag)
    if time.open:
        start = context.arena.make(ir.Start, key, start)
    if drawn:
        context.assume(
            f"{name.id}_{{{axis.name}-1}} is the previous step's draw of {name.id}, its gradient kept", symbol.span
        )
    time.reads.setdefault(key, symbol)
    end = lengths(context, axis) if lag < 0 else None
    return context.arena.make(ir.Previous, site_of(context, key), axis, start, own, lag, end, origin=symbol)


def _is_drawn(context: Context, name: Name, scope: Scope) -> bool:
    """Is the variable drawn step by step?"""
    if name.id in context.model.definitions:
        return False
    value = scope.values.get(name.id)
    if value is not None:
        return any(isinstance(each, ir.Draw | ir.State) for each in (value, *value.children))
    return name.id in context.latent or name.id in context.model.drawn


def site_of(context: Context, key: str) -> str:
    """The site of a variable that is carried; of a draw the one that its next draw takes."""
    time = context.time
    assert time is not None
    if key not in time.sites:
        drawn = next(iter(time.drawn.get(key, ())), None)
        time.sites[key] = key if key in context.model.definitions else drawn or context.draws.reserve(key)
    return time.sites[key]


def carried_draw(context: Context, name: Name, node: ir.Draw, value: ir.Node) -> ir.Node:
    """The value of a draw at each step, under the site by which the step after reads it: the draw's own, or that of a
    state where an estimator makes something else of the draw."""
    time = context.time
    axis = next((each for each in node.axes if each.kind == "time"), None)
    if time is None or axis is None:
        return value
    if value is node:
        carried: ir.Draw | ir.State = node
    else:
        site = time.sites.get(name.id) or f"{node.site} value"
        carried = context.arena.make(ir.State, value, site, axis, node.law.shape)
        if value in context.scored:
            context.scored[carried] = context.scored[value]
        value = carried
    time.drawn.setdefault(name.id, {}).setdefault(carried.site)
    time.carried[carried.site] = carried
    return value


def initial(
    context: Context, name: Name, symbol: tree.Symbol, scope: Scope, evaluate: Evaluate, lag: int = 1
) -> ir.Node:
    """The value before the first step, or after the last: what the text says of it, else zero."""
    time = context.time
    assert time is not None
    if lag < 0:
        context.assume(f"{name.full}_{{T+1}} is zero", symbol.span)
        return context.const(0.0)
    number = str(time.start - 1)
    written = f"{name.full}_{number}"
    if written in context.model.definitions:
        with context.unfolding(written, context.model.definitions[written].span):
            outside = replace(scope, indices={k: v for k, v in scope.indices.items() if v.kind != "time"})
            return evaluate(context.model.definitions[written].body, outside)
    if written in scope.values:
        return scope.values[written]
    if context.named.find(Name(name.letter, name.accents, (*name.labels, number), name.group, name.style)) is not None:
        labels = (each for each in symbol.sub if not any(each is item for item in name.index))
        return evaluate(replace(symbol, sub=(*labels, tree.Number(number, span=symbol.span)), sup=()), scope)
    if written in context.model.variables or written in context.model.drawn:
        items = read_name(symbol, context.model.indices).index
        labels = (each for each in symbol.sub if each not in items)
        return evaluate(replace(symbol, sub=(*labels, tree.Number(number, span=symbol.span)), sup=()), scope)
    if is_schedule(context, name.full):
        definition = context.model.definitions[name.full]
        if not reads_itself(context, name.full):
            return at_number(context, definition, time.start - 1, scope, evaluate)
        raise context.refuse(
            "F2D-0423",
            f"{name.full} is made of its own last value, and nothing says what {written} is",
            definition.span,
            f"write it: {written} = 1",
        )
    if _is_scored(context, name, number):
        raise context.refuse(
            "F2D-0205",
            f"{written} is the value before the first step, and a density is over it: it cannot be left at zero",
            symbol.span,
            f"write what it is: {written} = 0",
        )
    context.assume(f"{written} is zero", symbol.span)
    return context.const(0.0)


def _is_scored(context: Context, name: Name, number: str) -> bool:
    """Is a density of the text over the name at this step?"""
    return (name.id, number) in once(context.model, _scored_steps)


def _scored_steps(model: Model) -> set[tuple[str, str]]:
    """The names that densities are over at one index, with that."""
    calls = (each for root in model.expressions() for each in root.all(tree.Call) if is_density_call(each))
    symbols = (each for call in calls for each in call.args if isinstance(each, tree.Symbol))
    names = (read_name(each, model.indices) for each in symbols)
    return {(each.id, str(each.index[0])) for each in names if len(each.index) == 1}


# -- definitions ---------------------------------------------------------------------------------------


def is_state(context: Context, key: str) -> bool:
    """Is what a name defines carried from step to step: made of its own last value, or of a draw and read later?"""
    time, definition = context.time, context.model.definitions.get(key)
    if time is None or definition is None or not definition.index or definition.index[0] not in time.indices:
        return False
    if is_schedule(context, key):
        return False
    through = reached(context, key)
    if key in through:
        return True
    return bool(through & (context.latent | context.model.drawn.keys())) and key in read_at_other_steps(context)


def reached(context: Context, key: str) -> frozenset[str]:
    """The names that a definition is made of, through others."""
    found: set[str] = set()
    waiting = [key]
    while waiting:
        body = context.model.definitions[waiting.pop()].body
        for each in body.all(tree.Symbol):
            name = read_name(each, context.model.indices)
            for own in (name.full, name.id):
                if own not in found:
                    found.add(own)
                    if own in context.model.definitions:
                        waiting.append(own)
    return frozenset(found)


def state(context: Context, key: str, body: ir.Node, axis: Axis) -> ir.Node:
    """What a recurrence defines, at the present step."""
    time = context.time
    assert time is not None
    site = site_of(context, key)
    _refuse_one_draw(context, key, body, axis)
    node = context.arena.make(ir.State, body, site, axis, state_shape(context, key))
    known = time.carried.setdefault(site, node)
    if known is not node:
        definition = context.model.definitions[key]
        raise context.refuse(
            "F2D-0423",
            f"{key} is made of different draws in different places of the objective",
            definition.span,
            "draw what it is made of in one expectation",
        )
    return node


def _refuse_one_draw(context: Context, key: str, body: ir.Node, axis: Axis) -> None:
    """Noise that is added at every step, and drawn once for all of them."""
    terms = body.args if isinstance(body, ir.Add) else ()
    parts = [part for each in terms for part in (each.args if isinstance(each, ir.Mul) else (each,))]
    noise = (each for each in parts if isinstance(each, ir.Draw) and not _reads_values(each.law))
    drawn = next((each for each in noise if axis not in each.axes), None)
    if drawn is not None:
        definition, name = context.model.definitions[key], drawn.site.split("@")[0]
        raise context.refuse(
            "F2D-0481",
            f"{name} is added at every step of {key}, and is one draw for all steps",
            definition.span,
            f"draw it at each step, {name}_{axis.name} ~ ..., and add {name}_{axis.name}; or add a value that is made "
            "of one draw, f(z)",
        )


def _reads_values(law: ir.Law) -> bool:
    return any(isinstance(each, ir.Data | ir.NetCall | ir.Draw | ir.Param) for each in walk(law))
