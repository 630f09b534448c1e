r"""A row for each class: ``\mu_c`` of ``p(z|c) = \mathcal{N}(z; \mu_c, \sigma_c^2 I)``, where c counts classes.

The subscript is a value and no label where a density is over c, or given it, and nothing in the text is called
``\mu_c``: no definition, no number that is bound, no variable. A bound tensor has a row for each class; from the
formula alone the rows are learned.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.bindings import TensorValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Parameter
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.names import plain, read_name
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.scaffold.tables import default_rows
from formula2dgm.resolve.values.tables import classes_of, is_category, rows_at, state_of
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS


def class_row(context: Context, symbol: tree.Symbol, scope: Scope, evaluate: Evaluate) -> ir.Node | None:
    """The row of a symbol at the class that its subscript is; None for any other symbol."""
    index = class_below(context, symbol)
    if index is None or _is_called_so(context, symbol):
        return None
    state = state_of(context, index, scope, evaluate)
    if state is None:
        return None
    if isinstance(state, ir.Const):
        raise context.refuse(
            "F2D-0322",
            f"{symbol} is read at the number {state.value}; its rows are those of classes: data, drawn or summed",
            symbol.span,
            f"write {index} for the number",
        )
    stem = read_name(replace(symbol, sub=()), context.model.indices, head=True)
    name = read_name(symbol, context.model.indices, head=True)
    for each in (name, stem):
        binding = context.named.find(each)
        if binding is not None:
            if not isinstance(binding.value, TensorValue) or not binding.value.shape:
                return None
            return _bound(context, symbol, index, state, binding.value, binding.key.text, each.full)
    return default_rows(context, symbol, name.full, index, state) if context.options.scaffold else None


def class_below(context: Context, symbol: tree.Symbol) -> tree.Symbol | None:
    """The variable that counts classes, and that some density is over or given, of which a name is read at one."""
    match symbol:
        case tree.Symbol(sub=(tree.Symbol() as index,), sup=()):
            if plain(index) is None or plain(index) in context.model.indices:
                return None
            if is_category(context, read_name(index, context.model.indices)) and _is_value(context, index):
                return index
    return None


def refuse_network_of_class(context: Context, call: tree.Call) -> None:
    """``f_k(x)``, where k counts classes and nothing is bound: a network for each of them is not one network."""
    head = call.head
    assert isinstance(head, tree.Symbol)
    index = class_below(context, head)
    if index is not None and not any(each == index for argument in call.args for each in argument.walk()):
        raise context.refuse(
            "F2D-0459",
            f"{head} is another network for each {index}, and nothing is bound to it",
            head.span,
            f"give the class to one network, {replace(head, sub=())}(..., {index})",
        )


def _is_value(context: Context, index: tree.Symbol) -> bool:
    """Is a density over the variable, or given it? Or does an expectation bind it, by a letter that counts nothing?"""
    if any(index in (*call.args, *(call.given or ())) for call in _densities(context)):
        return True
    return plain(index) not in INDEX_LETTERS and index in _bound_names(context)


def _is_called_so(context: Context, symbol: tree.Symbol) -> bool:
    """Is there a variable of this name: drawn, scored, or given a space? Or one of its letter, the x of ``x_y``?"""
    model = context.model
    own = {read_name(each, model.indices).id for each in (symbol, replace(symbol, sub=()))}
    if own & (model.spaces.keys() | model.drawn.keys() | model.definitions.keys()):
        return True
    if read_name(replace(symbol, sub=()), model.indices).id in model.variables:
        return True
    given = [each for call in _densities(context) for each in (*call.args, *(call.given or ()))]
    return symbol in given or symbol in _bound_names(context)


def _bound_names(context: Context) -> list[tree.Node]:
    """What expectations bind by its name: ``E_{x, y}``, ``E_{y \\sim p(y)}``."""
    nodes = (each for root in context.model.expressions() for each in root.walk())
    items = [item for node in nodes if isinstance(node, tree.Expect) for item in node.binders]
    return [each for item in items for each in (item.names if isinstance(item, tree.Draws) else (item,))]


def _densities(context: Context) -> list[tree.Call]:
    model = context.model
    roots = [*model.expressions(), *(each.body for each in model.densities)]
    return [each for root in roots for each in root.all(tree.Call) if is_density_call(each)]


def _bound(
    context: Context, symbol: tree.Symbol, index: tree.Symbol, state: ir.Node, value: TensorValue, key: str, name: str
) -> ir.Node:
    """The row of a bound tensor."""
    space = context.model.spaces.get(read_name(index, context.model.indices).id)
    classes = classes_of(context, state) or (space.classes if space is not None else None)
    if classes is not None and value.shape[0] != classes:
        raise context.refuse(
            "F2D-0322",
            f"{symbol} is read at each of the {classes} values of {index}, and what is bound has {value.shape[0]} rows",
            symbol.span,
            "bind a tensor whose first dimension is the number of classes",
        )
    owned = attribute(name, "tensor")
    context.parameters.setdefault(owned, Parameter(owned, key, value.learned, value.shape, None, (key, "")))
    row = rows_at(context, owned, value.learned, False, [state], len(value.shape) == 1)
    assert row is not None, "there is one state"
    context.assume(f"{symbol} is the row of {key} at {index}", symbol.span)
    return row
