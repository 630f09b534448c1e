r"""Schedules: what the text defines at each step and what depends on the step alone, ``\alpha_t = 1 - \beta_t``.

Before the first step a schedule is what its definition says there: of ``\bar\alpha_t = \prod_{s=1}^t \alpha_s``,
``\bar\alpha_0`` is a product of nothing. One that reads its own last value, ``\bar\alpha_t = \alpha_t
\bar\alpha_{t-1}``, is a linear recurrence.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.bindings import TensorValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.rewrite import map_children
from formula2dgm.resolve.calculus.affine import affine_in
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.sequences.timeline import step_key
from formula2dgm.resolve.statements.definitions import Definition
from formula2dgm.syntax import tree

#: What is no function of numbers.
_OF_MODELS = tree.Expect | tree.Divergence | tree.Draws | tree.Integral


def is_schedule(context: Context, key: str) -> bool:
    """Does a definition with an index of steps depend on nothing but numbers, tables and the step?"""
    return _is_schedule(context, key, frozenset())


def _is_schedule(context: Context, key: str, inside: frozenset[str]) -> bool:
    model = context.model
    definition = model.definitions.get(key)
    if definition is None or len(definition.index) != 1:
        return False
    for each in definition.body.walk():
        if isinstance(each, _OF_MODELS) or (isinstance(each, tree.Call) and not _is_number(context, each)):
            return False
        if isinstance(each, tree.Symbol):
            name = read_name(each, model.indices)
            own = next((own for own in (name.full, name.id) if own in model.definitions), None)
            if own is not None and own != key and own not in inside and model.definitions[own].index:
                if not _is_schedule(context, own, inside | {key}):
                    return False
            elif own is None and (name.id in model.variables or name.id in model.drawn):
                binding = context.named.find(read_name(each, model.indices, head=True))
                if plain(each) not in model.indices | model.indices.positions and (
                    binding is None or not isinstance(binding.value, TensorValue)
                ):
                    return False
    return True


def _is_number(context: Context, call: tree.Call) -> bool:
    """``T(1 + s)``, a number times a bracket, or the logistic function of one."""
    if not isinstance(call.head, tree.Symbol) or call.given is not None:
        return False
    name = read_name(call.head, context.model.indices)
    if call.head.letter == "sigma" and context.named.find(name) is None:
        return True
    return name.full in context.model.definitions.keys() | context.hyperparameters.keys()


def reads_itself(context: Context, key: str) -> bool:
    """``\\bar\\alpha_t = \\alpha_t \\bar\\alpha_{t-1}``."""
    body = context.model.definitions[key].body
    names = (read_name(each, context.model.indices) for each in body.all(tree.Symbol))
    return any(key in (name.full, name.id) for name in names)


def at_number(context: Context, definition: Definition, number: int, scope: Scope, evaluate: Evaluate) -> ir.Node:
    """A schedule at a step by its number, which may lie before the first."""
    (index,) = definition.index

    def put(node: tree.Node) -> tree.Node:
        if plain(node) != index:
            return map_children(node, put)
        count: tree.Node = tree.Number(str(abs(number)), span=node.span)
        return count if number >= 0 else tree.Neg(count, span=node.span)

    outside = replace(scope, indices={key: axis for key, axis in scope.indices.items() if axis.kind != "time"})
    with context.unfolding(definition.name.full, definition.span):
        return evaluate(put(definition.body), outside)


def recurrence(
    context: Context, definition: Definition, axis: Axis, initial: ir.Node, scope: Scope, evaluate: Evaluate
) -> ir.Node:
    """A schedule that reads its own last value."""
    name, (index,) = definition.name, definition.index
    last = "last value of " + name.full
    before = context.arena.make(ir.Data, last, ())
    inside = scope.bind({step_key(each): before for each in _own_readings(context, definition)})
    with context.unfolding(name.full, definition.span):
        body = evaluate(definition.body, inside.index(index, axis))
    found = affine_in(context.arena, body, last)
    if found is None:
        raise context.refuse(
            "F2D-0423",
            f"{name.full} is not linear in its own last value",
            definition.span,
            f"write {name.full} in terms of the step alone, or bind it to a tensor",
        )
    return context.arena.make(ir.LinearRecurrence, found.factor, found.rest, initial, axis)


def _own_readings(context: Context, definition: Definition) -> list[Name]:
    """Where a schedule reads itself, at the step before."""
    found = []
    for symbol in definition.body.all(tree.Symbol):
        name = read_name(symbol, context.model.indices)
        if name.id == definition.name.id:
            place = next((place for _, place in context.time.places(name)), None) if context.time else None
            if getattr(place, "by", None) != -1:
                raise context.refuse(
                    "F2D-0423",
                    f"{definition.name.full} reads itself at {symbol}",
                    symbol.span,
                    "read it one step before",
                )
            found.append(name)
    return found
