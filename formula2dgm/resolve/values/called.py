"""The densities of a definition that is called at other arguments: ``L(x, y)`` as ``L(x_l, y_l)`` and ``L(x_u, y)``.

What a definition says of ``q(z|x, y)`` holds wherever it is called: ``q(z|x_l, y_l)`` and ``q(z|x_u, y)`` are this one
density at other values, with one set of weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from formula2dgm.completion.names.called import Called
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import Signature, read_signature
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.context import Context
    from formula2dgm.resolve.statements.model import Model


def take_called(model: Model, called: Called) -> None:
    """Enter in the model what calls say of the arguments: their spaces. Arguments of two spaces are no values of one
    variable, and keep the densities of their own."""
    apart: set[tree.Node] = set()
    for slot, values in called.values.items():
        name = read_name(slot, model.indices).id
        spaces = [model.spaces[key] for key in _ids(model, values) if key in model.spaces]
        if name in model.spaces:
            spaces.append(model.spaces[name])
        if any(each != spaces[0] for each in spaces):
            apart.add(slot)
        elif spaces:
            model.spaces[name] = spaces[0]
    written = set(called.densities.values())
    densities = {
        made: own
        for made, own in called.densities.items()
        if apart.isdisjoint(own.walk()) and made not in written  # what a definition writes itself is itself
    }
    model.called = Called(densities, {slot: each for slot, each in called.values.items() if slot not in apart})


def values_of_arguments(model: Model) -> Iterator[tuple[str, str]]:
    """The names of arguments, each with the name of a variable that a call puts for it."""
    for slot, values in model.called.values.items():
        name = read_name(slot, model.indices).id
        yield from ((name, each) for each in _ids(model, values) if each != name)


def _ids(model: Model, values: list[tree.Node]) -> list[str]:
    return [read_name(each, model.indices).id for each in values if isinstance(each, tree.Symbol)]


def as_defined(context: Context, call: tree.Call) -> tuple[tree.Call, dict[tree.Node, tree.Node]] | None:
    """The density of a definition that a call of it uses at other values, and what stands for each of its slots; None
    for any other density, and for one that is bound or declared at these very values."""
    own = context.model.called.densities.get(call)
    if own is None:
        return None
    model = context.model
    written, signature = (read_signature(each, model.indices, model.parameters) for each in (own, call))
    for each in context.densities.all:
        known = each.signature
        same = (known.head, known.variables, known.given) == (signature.head, signature.variables, signature.given)
        if same and (each.binding is not None or each.declared is not None):
            return None
    if not (context.options.scaffold or context.densities.knows(written)):
        return None
    if len(written.slots) != len(signature.slots):
        return None
    return own, dict(zip(written.slots, signature.slots, strict=True))


def of_definition(context: Context, wanted: Signature) -> Signature:
    """What a definition calls the density that is wanted at the same letters, ``q(y|x)`` of ``q(y_l|x_l)`` where a
    definition that is called writes ``q(y|x)``; or the density itself."""
    model = context.model
    densities = [read_signature(each, model.indices, model.parameters) for each in model.called.densities.values()]
    if any((each.head, each.ids) == (wanted.head, wanted.ids) for each in densities):
        return wanted
    for written in densities:
        if (written.head, written.group, written.arity) != (wanted.head, wanted.group, wanted.arity):
            continue
        names = zip((*written.variables, *written.given), (*wanted.variables, *wanted.given), strict=True)
        if all(one and other and _is_value_of(model, one, other) for one, other in names):
            return written
    return wanted


def _is_value_of(model: Model, own: Name, name: Name) -> bool:
    """Is the name a value of the variable: itself, or one of its letter and its space that says which?"""
    if own.id == name.id:
        return True
    one, other = model.spaces.get(own.id), model.spaces.get(name.id)
    return own.base == name.base and not own.labels and (one is None or other is None or one == other)
