"""Densities that are bound one value of a given at a time: ``p(x|z=0)``, ``p(x|z=1)``.

At a literal value the density is the one that is bound there; at a category that is drawn, summed or passed as data
it is that of the category's value, so that the values of all its classes have to be bound.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.numbered import is_whole
from formula2dgm.reading.signature import slot_value
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.densities.finding import Case, Density, Use
from formula2dgm.syntax import tree


def at_its_value(context: Context, use: Use, call: tree.Call) -> Use:
    """The use of the one density that is bound at the value that the formula writes, ``p(x|z=1)``; or the use as it
    is, where no value is written or nothing is bound value by value."""
    cases = use.density.cases
    if not cases:
        return use
    slot = cases[0].slot
    value = slot_value(use.given[slot])
    if not is_whole(value):
        return use
    case = next((each for each in cases if each.value == int(str(value))), None)
    if case is None:
        raise _unbound(context, use.density, use.given[slot], call)
    context.densities.used.add(case.density.label)
    return replace(use, density=case.density, given=use.given_but(slot))


def log_at_category(context: Context, use: Use, scope: Scope, evaluate: Evaluate) -> ir.Node:
    """The log-density at a category whose value the formula does not write: one of all that are bound."""
    density = use.density
    cases = sorted(density.cases, key=lambda each: each.value)
    slot = use.given[cases[0].slot]
    place = use.call if use.call is not None else slot
    category = evaluate(slot_value(slot), scope)
    for number, each in enumerate(cases):
        if each.value != number:
            raise _unbound(context, density, tree.Number(str(number), span=slot.span), place)
    _refuse_other_count(context, density, category, place)
    if (group := context.groups.get(density.label)) is not None:
        for each in cases:
            context.groups.setdefault(each.density.label, group)
    parts = tuple(evaluate(tree.Prefix("log", _call(use, each), span=place.span), scope) for each in cases)
    return context.arena.make(ir.LogProbAt, density.label, category, parts)


def _call(use: Use, case: Case) -> tree.Call:
    """The density at one value, with what the place of use writes for its other slots."""
    written = dict(zip(case.density.signature.slots, (*use.variables, *use.given_but(case.slot)), strict=True))
    key, span = case.call, use.call.span if use.call is not None else case.call.span
    given = tuple(written.get(each, each) for each in key.given or ())
    params = tuple(written.get(each, each) for each in key.params) if key.params is not None else None
    return tree.Call(key.head, tuple(written.get(each, each) for each in key.args), given, params, span=span)


def _refuse_other_count(context: Context, density: Density, category: ir.Node, place: tree.Node) -> None:
    """A category of known size has as many classes as values are bound."""
    if not isinstance(category, ir.Enumerated):
        return
    shapes = [context.parameter(each.name).shape for each in walk(category.law) if isinstance(each, ir.Param)]
    computed = any(isinstance(each, ir.NetCall | ir.MatMul) for each in walk(category.law))
    if computed or category.law.family != "Categorical" or len(shapes) != 1 or not shapes[0]:
        return
    classes = shapes[0][-1]
    if classes != len(density.cases):
        raise context.refuse(
            "F2D-0326",
            f"{category.law.label} has {classes} classes, and {density.label} is bound at {len(density.cases)} values",
            place.span,
            "bind the density at each class, counted from 0",
        )


def _unbound(context: Context, density: Density, value: tree.Node, place: tree.Node) -> Exception:
    bound = ", ".join(each.density.label for each in density.cases)
    return context.refuse(
        "F2D-0326",
        f"{density.label} is not bound at the value {slot_value(value)}",
        place.span,
        f"bind it at each value, counted from 0; bound: {bound}",
    )
