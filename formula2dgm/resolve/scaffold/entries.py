r"""Default networks of densities whose entries are each given those before: ``p(z_t|z_{<t}, entries_before(z_t))``, and
those before in an order, ``p(x|entries_in_order(x), z)``."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.completion.data.drawn_orders import IN_ORDER
from formula2dgm.completion.data.entries_of_steps import BEFORE
from formula2dgm.ir.program import Scaffold
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import Signature, slot_value
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def over_entries(context: Context, signature: Signature, scaffold: Scaffold, shape: tuple[int, ...] | None) -> Scaffold:
    """The default network as one over the entries of the density's variable, where it is given those before each."""
    own, given = signature.slots[0], [slot_value(each) for each in signature.slots[len(signature.variables) :]]
    for place, each in enumerate(given):
        for function in (BEFORE, IN_ORDER):
            if isinstance(own, tree.Symbol) and each == tree.Func(function, (own,), span=each.span):
                size = _checked(context, own, shape)
                return _of_entries(context, signature, scaffold, place, function == IN_ORDER, size)
    return scaffold


def _checked(context: Context, own: tree.Symbol, shape: tuple[int, ...] | None) -> tuple[int, ...]:
    name = read_name(own, context.model.indices)
    if shape is None or len(shape) != 1:
        raise context.refuse(
            "F2D-0609",
            f"the formula does not say how many entries {own} has",
            own.span,
            f"say it: dims={{{name.id!r}: 16}}, or write a number above the sum over them",
        )
    space = context.model.spaces.get(name.id)
    if space is not None and space.shape is not None and space.shape != shape:
        raise context.refuse(
            "F2D-0591",
            f"{own} has {space.shape[0] if space.shape else 'no'} entries in the text, and {shape[0]} by its size",
            own.span,
            "give both one number",
        )
    return shape


def _of_entries(
    context: Context, signature: Signature, scaffold: Scaffold, place: int, ordered: bool, shape: tuple[int, ...]
) -> Scaffold:
    """The default network whose input at a place are the entries; the order is behind it."""
    own = signature.slots[0]
    assert isinstance(own, tree.Symbol)
    name = read_name(own, context.model.indices)
    space = context.model.spaces.get(name.id)
    before = scaffold.inputs[place][0]
    named = f"{name.id}_in_order" if ordered else f"{name.id}_before"
    inputs = tuple((named if at == place else each, size) for at, (each, size) in enumerate(scaffold.inputs))
    classes = [each for each in scaffold.classes if each[0] != before]
    if space is not None and space.classes is not None:
        classes.append((named, space.classes))
    moving = (place, place + 1) if ordered else (place,)
    by = f"in the order of {inputs[place + 1][0]}, by a sum" if ordered else "by a GRU"
    context.assume(f"{signature.label} reads the entries of {own} before each {by} over them", own.span)
    steady = tuple(each for each in range(len(inputs)) if each not in moving)
    return replace(
        scaffold, inputs=inputs, sequence="order" if ordered else "entries", steady=steady, classes=tuple(classes)
    )
