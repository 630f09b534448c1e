"""Densities at values that are no variables of theirs: ``p_z(f(x))``, ``p(x, z_K)`` of ``p(x|z) p(z)``."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.reading.names import Name
from formula2dgm.reading.signature import Signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.finding import Ambiguous, Density, Use
from formula2dgm.syntax import tree


def at_other_values(context: Context, wanted: Signature, call: tree.Call) -> list[Use] | None:
    """The density of one variable at an expression, or a joint at variables of the same letters; None for neither."""
    if wanted.variables == (None,):
        use = _at_expression(context, wanted, call)
        return None if use is None else [use]
    return _joint(context, wanted)


# -- one variable at an expression -------------------------------------------------------------------------


def _at_expression(context: Context, wanted: Signature, call: tree.Call) -> Use | None:
    known = [
        each
        for each in context.densities.all
        if len(each.signature.variables) == 1
        and each.signature.variables[0] is not None
        and each.label not in context.resolving
        and each.signature.ids[1] == wanted.ids[1]
    ]
    for candidates in (_of_definition(context, known, wanted), _of_head(known, wanted), _of_label(known, wanted)):
        if len({each.label for each in candidates}) > 1:
            raise Ambiguous(candidates)
        if candidates:
            density = candidates[0]
            context.densities.used.add(density.label)
            context.assume(f"{call} is {density.label} at {wanted.slots[0]}", call.span)
            return Use(density, wanted.slots[:1], wanted.slots[1:], renamed=True)
    if not context.options.scaffold or wanted.given or not isinstance(wanted.slots[0], tree.Call | tree.Mul):
        return None
    letter, *labels = wanted.head.split("_")
    variable = labels[0].lower() if labels and len(labels[0]) == 1 and labels[0].isalpha() else "z"
    made = Density(replace(wanted, variables=(Name(variable),), slots=(tree.Symbol(variable, span=call.span),)))
    context.densities.all.append(made)
    return Use(made, wanted.slots[:1], wanted.slots[1:], renamed=True)


def _of_definition(context: Context, known: list[Density], wanted: Signature) -> list[Density]:
    """``p(f(x))`` where ``z = f(x)``: the density over z."""
    names = {key for key, each in context.model.definitions.items() if each.body == wanted.slots[0]}
    return [
        each
        for each in known
        if frozenset(each.signature.ids[0]) <= names and _letter(each) == wanted.head.split("_")[0]
    ]


def _of_head(known: list[Density], wanted: Signature) -> list[Density]:
    same = [each for each in known if each.signature.head == wanted.head]
    return [each for each in same if each.signature.group == wanted.group] or same


def _of_label(known: list[Density], wanted: Signature) -> list[Density]:
    """``p_Z(f(x))`` is p(z): the label says of which variable."""
    letter, *labels = wanted.head.split("_")
    return [
        each
        for each in known
        if len(labels) == 1
        and each.signature.head.lower() in (letter.lower(), wanted.head.lower())
        and {name.lower() for name in each.signature.ids[0]} == {labels[0].lower()}
    ]


def _letter(density: Density) -> str:
    return density.signature.head.split("_")[0]


# -- a joint -----------------------------------------------------------------------------------------------


def _joint(context: Context, wanted: Signature) -> list[Use] | None:
    """``p(x, z_K)`` as the product ``p(x|z) p(z)``: a name without a density is another value of the one that has its
    letter."""
    if len(wanted.variables) < 2 or None in (*wanted.variables, *wanted.given):
        return None
    near = [each for each in context.densities.all if _letter(each) == wanted.head.split("_")[0]]
    known = {name.id: name for each in near for name in (*each.signature.variables, *each.signature.given) if name}
    renamed = {name.id: _renamed(name, known) for name in (*wanted.variables, *wanted.given) if name}
    if all(old == new.id for old, new in renamed.items()) or len({each.id for each in renamed.values()}) < len(renamed):
        return None
    changed = replace(
        wanted,
        variables=tuple(renamed[each.id] if each else None for each in wanted.variables),
        given=tuple(renamed[each.id] if each else None for each in wanted.given),
    )
    uses = context.densities.factorise(changed)
    if uses is not None:
        names = ", ".join(f"{new.id} at {old}" for old, new in renamed.items() if old != new.id)
        context.assume(f"{wanted.label} is a product of densities with {names}")
    return uses


def _renamed(name: Name, known: dict[str, Name]) -> Name:
    if name.id in known:
        return name
    fitting = [each for each in known.values() if each.letter == name.letter and each.style == name.style]
    return fitting[0] if len(fitting) == 1 else name
