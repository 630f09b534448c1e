"""Densities that follow from those that are known: a product of experts with some missing, the
posterior of a joint, an aggregated posterior.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm import registry
from formula2dgm.bindings import FamilyValue
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import Signature, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.aggregated import aggregated
from formula2dgm.resolve.densities.finding import Density
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree


def derived(context: Context, wanted: Signature, call: tree.Call) -> Density | None:
    """A density that nobody wrote, entered among the known ones; None if it follows from nothing."""
    density = (
        _without_missing(context, wanted) or _posterior(context, wanted, call) or aggregated(context, wanted, call)
    )
    if density is not None:
        context.densities.all.append(density)
    return density


def _without_missing(context: Context, wanted: Signature) -> Density | None:
    """``q(z|x)`` where only ``q(z|x,y)`` is declared, as a product of experts: without those that are given y."""
    for density in context.densities.all:
        declared = density.declared
        if declared is None or declared.kind != "proportional":
            continue
        own = declared.signature
        if own.head != wanted.head or own.ids[0] != wanted.ids[0] or not wanted.ids[1] < own.ids[1]:
            continue
        missing = own.ids[1] - wanted.ids[1]
        factors = declared.body.factors if isinstance(declared.body, tree.Mul) else (declared.body,)
        kept = [each for each in factors if not _given(context, each) & missing]
        if any(_names(context, each, wanted) for each in kept):  # the expert itself is meant
            return None
        if not any(_given(context, each) for each in kept):
            continue
        context.assume(
            f"{wanted.label} is {own.label} without the experts of {', '.join(sorted(missing))}", declared.span
        )
        body = kept[0] if len(kept) == 1 else tree.Mul(tuple(kept), ("",) * (len(kept) - 1), span=declared.body.span)
        return Density(wanted, None, replace(declared, signature=wanted, body=body))
    return None


def _names(context: Context, factor: tree.Node, wanted: Signature) -> bool:
    factor = factor.base if isinstance(factor, tree.Power) else factor
    if not isinstance(factor, tree.Call) or not isinstance(factor.head, tree.Symbol):
        return False
    own = read_signature(factor, context.model.indices, context.model.parameters)
    return own.head == wanted.head and own.ids == wanted.ids


def _given(context: Context, factor: tree.Node) -> set[str]:
    call = factor.base if isinstance(factor, tree.Power) else factor
    given = call.given or () if isinstance(call, tree.Call) else ()
    return {read_name(each, context.model.indices).id for each in given if isinstance(each, tree.Symbol)}


def _posterior(context: Context, wanted: Signature, call: tree.Call) -> Density | None:
    """``p(z|x)`` of the joint ``p(x|z) p(z)`` with a category z, by Bayes' rule."""
    if len(wanted.variables) != 1 or not wanted.given or call.given is None:
        return None
    count = len(wanted.variables)
    joint = replace(
        wanted,
        variables=(*wanted.given, *wanted.variables),
        given=(),
        slots=(*wanted.slots[count:], *wanted.slots[:count]),
    )
    declared = context.densities.find(joint)
    space = context.model.spaces.get(wanted.variables[0].id) if wanted.variables[0] else None
    key = "variables" if space is not None and space.kind == "category" else "said"
    known = any(_is_category(context, each, wanted) for each in context.densities.all.by(key, wanted.ids[0]))
    if not known and not (declared is not None and _has_default_prior(context, declared.density.declared, wanted)):
        return None
    if not (context.densities.find(joint) or context.densities.factorise(joint)):
        return None
    body = tree.Call(call.head, (*call.given, *call.args), None, call.params, span=call.span)
    return Density(wanted, None, Declared(wanted, "posterior", body, call.span))


def _has_default_prior(context: Context, joint: Declared | None, wanted: Signature) -> bool:
    """Is a category's prior, which is made by default, a factor of the declared joint?"""
    name = wanted.variables[0]
    space = context.model.spaces.get(name.id) if name else None
    if joint is None or joint.kind != "factors" or not context.options.scaffold or name is None:
        return False
    body = joint.body
    calls = [each for each in (body.factors if isinstance(body, tree.Mul) else (body,)) if isinstance(each, tree.Call)]
    over = [read_signature(each, context.model.indices, context.model.parameters) for each in calls]
    prior = any(each.ids[0] == wanted.ids[0] and not each.ids[1] & wanted.ids[1] for each in over)
    return prior and space is not None and space.kind == "category"


def _is_category(context: Context, density: Density, wanted: Signature) -> bool:
    """Is this a prior over the wanted variable, whose values are classes?"""
    own, name = density.signature, wanted.variables[0]
    if own.ids[0] != wanted.ids[0] or own.ids[1] & wanted.ids[0] or own.head.split("_")[0] != wanted.head.split("_")[0]:
        return False
    if density.binding is not None:
        return isinstance(density.binding.value, FamilyValue) and density.binding.value.family == "Categorical"
    if density.declared is not None and isinstance(density.declared.body, tree.Call):
        family = registry.family_by_spelling(spelling(density.declared.body.head))
        return family is not None and family.name == "Categorical"
    space = context.model.spaces.get(name.id) if name else None
    return space is not None and space.kind == "category"
