r"""Default networks of densities whose entries are each given those before: ``p(z_t|z_{<t}, entries_before(z_t))``."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.completion.entries_of_steps import BEFORE
from formula2dgm.ir.program import Scaffold
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import Signature, slot_value
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def over_entries(context: Context, signature: Signature, scaffold: Scaffold, shape: tuple[int, ...] | None) -> Scaffold:
    """The default network as one over the entries of the density's variable, where it is given those before each."""
    count = len(signature.variables)
    own, given = signature.slots[0], [slot_value(each) for each in signature.slots[count:]]
    places = [place for place, each in enumerate(given) if each == tree.Func(BEFORE, (own,), span=each.span)]
    if len(places) != 1 or not isinstance(own, tree.Symbol):
        return scaffold
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
    (place,) = places
    before = scaffold.inputs[place][0]
    named = f"{name.id}_before"
    inputs = tuple((named if at == place else each, size) for at, (each, size) in enumerate(scaffold.inputs))
    classes = [each for each in scaffold.classes if each[0] != before]
    if space is not None and space.classes is not None:
        classes.append((named, space.classes))
    context.assume(f"{signature.label} reads the entries of {own} before each by a GRU over them", own.span)
    steady = tuple(each for each in range(len(given)) if each != place)
    return replace(scaffold, inputs=inputs, sequence="entries", steady=steady, classes=tuple(classes))
