"""The densities of a program as its bindings and statements enter them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.bindings import Binding, FamilyValue
from formula2dgm.diagnostics import Diagnostics
from formula2dgm.reading.numbered import is_whole
from formula2dgm.reading.signature import Signature, is_density_call, read_signature
from formula2dgm.resolve.densities.finding import Case, Densities, Density
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


def read_densities(
    parsed: Sequence[tuple[Binding, tree.Node]],
    declared: Sequence[Declared],
    indices: frozenset[str],
    parameters: frozenset[str],
    found: Diagnostics,
) -> Densities:
    """Densities from bindings and statements. Two for one key are an error; a binding wins over a statement."""
    densities = Densities()
    seen: dict[object, Span] = {}
    for binding, key in parsed:
        if not isinstance(key, tree.Call):
            continue
        if not isinstance(binding.value, FamilyValue):
            if key.given is not None or is_density_call(key):
                found.error(
                    "F2D-0703",
                    f"{binding.key.text!r} is a density, but what is bound to it is no distribution",
                    key.span,
                    "wrap the network in its family: f2d.Normal(net), f2d.Bernoulli(net)",
                )
            continue
        signature = read_signature(key, indices, parameters)
        identity = (signature.head, signature.group, *signature.ids)
        if any(isinstance(each, tree.Binds) for each in key.given or ()):
            _enter_case(densities, seen, identity, signature, binding, key, found)
            continue
        if identity in seen:
            found.error("F2D-0702", f"{binding.key.text!r} is bound twice", key.span)
            continue
        seen[identity] = key.span
        densities.all.append(Density(signature, binding))
    for each in declared:
        identity = (each.signature.head, each.signature.group, *each.signature.ids)
        first = next((own.declared for own in densities.all if own.declared and _identity(own) == identity), None)
        if first is not None and _contradicts(first, each):
            found.error(
                "F2D-0209",
                f"{each.signature.written()} is declared twice: as {first.body}, and as {each.body}",
                each.span,
                "keep one, or give one of them another letter, label or parameter group",
            )
        if identity in seen:
            continue
        seen[identity] = each.span
        densities.all.append(Density(each.signature, None, each))
    return densities


def _contradicts(one: Declared, other: Declared) -> bool:
    """Are both families written out, and not the same?"""
    return one.kind == other.kind == "family" and _parameters(one) != _parameters(other)


def _parameters(declared: Declared) -> tuple[object, ...]:
    """The family and its parameters: ``N(z; 0, I)`` says of z what ``N(0, I)`` says."""
    body = declared.body
    assert isinstance(body, tree.Call)
    return (body.head, *(body.params or body.given or body.args))


def _enter_case(
    densities: Densities,
    seen: dict[object, Span],
    identity: object,
    signature: Signature,
    binding: Binding,
    key: tree.Call,
    found: Diagnostics,
) -> None:
    """Enter ``p(x|z=0)`` among the cases of ``p(x|z)``, which is entered with the first of them."""
    case = _read_case(signature, binding, key, found)
    if case is None:
        return
    known = next((i for i, each in enumerate(densities.all) if each.cases and _identity(each) == identity), None)
    if known is None and identity in seen:
        found.error("F2D-0702", f"{binding.key.text!r} is bound twice: for this value, and for all", key.span)
    elif known is None:
        seen[identity] = key.span
        names = tuple(each.name if isinstance(each, tree.Binds) else each for each in signature.slots)
        densities.all.append(Density(replace(signature, slots=names), cases=(case,)))
    else:
        density = densities.all[known]
        if _fits(density.cases[0], case, [each.value for each in density.cases], found):
            densities.all[known] = replace(density, cases=(*density.cases, case))


def _identity(density: Density) -> tuple[object, ...]:
    return (density.signature.head, density.signature.group, *density.signature.ids)


def _read_case(signature: Signature, binding: Binding, key: tree.Call, found: Diagnostics) -> Case | None:
    count = len(signature.variables)
    places = [i for i, each in enumerate(signature.slots[count:]) if isinstance(each, tree.Binds)]
    slot = signature.slots[count + places[0]]
    assert isinstance(slot, tree.Binds)
    name = signature.given[places[0]]
    if len(places) > 1 or not is_whole(slot.value) or name is None:
        found.error(
            "F2D-0326",
            f"{binding.key.text!r} binds a density at something else than one value of one category",
            key.span,
            "count the values of one given from 0: p(x|z=0), p(x|z=1)",
        )
        return None
    given = (*signature.given[: places[0]], *signature.given[places[0] + 1 :])
    slots = tuple(each for each in signature.slots if each is not slot)
    value = int(str(slot.value))
    own = replace(signature, given=given, slots=slots, fixed=(f"{name.id}={value}",))
    return Case(places[0], value, key, Density(own, binding))


def _fits(first: Case, case: Case, known: Sequence[int], found: Diagnostics) -> bool:
    """Is this another value of the same given, with the same family?"""
    one, other = first.density, case.density
    assert one.binding is not None and other.binding is not None
    values = one.binding.value, other.binding.value
    assert isinstance(values[0], FamilyValue) and isinstance(values[1], FamilyValue)
    if case.value in known:
        found.error("F2D-0702", f"{other.label!r} is bound twice", case.call.span)
    elif one.signature.ids != other.signature.ids:
        message = f"{one.label!r} and {other.label!r} are bound at values of different givens"
        found.error("F2D-0326", message, case.call.span, "bind each value of one given: p(x|z=0), p(x|z=1)")
    elif values[0].family != values[1].family:
        message = f"{other.label!r} is bound to a {values[1].family}, and {one.label!r} to a {values[0].family}"
        found.error("F2D-0326", message, case.call.span, "bind one family at all values")
    else:
        return True
    return False
