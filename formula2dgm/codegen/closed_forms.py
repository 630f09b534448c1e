"""Which library function computes a density or a divergence: the general one, or one that knows more of it."""

from __future__ import annotations

from typing import Literal

from formula2dgm.codegen.laws import facts, is_standard, settings
from formula2dgm.codegen.python import Code, call
from formula2dgm.codegen.scope import Scope
from formula2dgm.ir import nodes as ir
from formula2dgm.registry.divergences import STANDARD_FORMS, closed_form

#: What a library function leaves to be done: nothing (``mean``), the mean over the batch, the sum over the event too.
Done = Literal["entries", "summed", "mean"]


def log_density(
    scope: Scope, node: ir.LogProb, point: Code, given: list[Code], lead: str, mean: bool = False
) -> tuple[Code, Done]:
    """The log-density at a point by parameters as they are given, and how far it is summed; ``mean``: is its mean over
    the batch, its only axis, what is wanted?"""
    law, fact, whole = node.law, facts(node.law), not (node.law.scalar or node.elementwise)
    if whole and fact.standard_log_prob_sum is not None and is_standard(law):
        return call(scope.use(fact.standard_log_prob_sum), point, lead), "summed"
    if fact.enumerated_log_prob is not None and whole and not fact.value_rank and _at_all_values(node):
        return call(scope.use(fact.enumerated_log_prob), *given, str(len(law.axes)), *settings(law)), "summed"
    if fact.drawn_log_prob is not None and (noise := scope.noise_of(node.value, law)) is not None:
        return call(scope.use(fact.drawn_log_prob), noise, *given, *settings(law)), "entries"
    if mean and whole and fact.log_prob_mean is not None:
        return call(scope.use(fact.log_prob_mean), point, *given, *settings(law)), "mean"
    if whole and fact.log_prob_sum is not None:
        return call(scope.use(fact.log_prob_sum), point, *given, lead, *settings(law)), "summed"
    return call(scope.use(fact.log_prob), point, *given, *settings(law)), "entries"


def _at_all_values(node: ir.LogProb) -> bool:
    """Is the value every value of this law's variable, along the first axis?"""
    value, axes = node.value, node.axes
    return isinstance(value, ir.Enumerated) and value.law is node.law and axes == (value.axis, *node.law.axes)


def divergence_form(node: ir.Divergence) -> tuple[str, bool]:
    """The library function of a divergence, and whether it takes the parameters of the right law."""
    kind = (node.name, node.left.family, node.right.family)
    if kind in STANDARD_FORMS and is_standard(node.right):
        return STANDARD_FORMS[kind], False
    form = closed_form(*kind)
    if form is None:
        raise LookupError(f"no closed form of {kind[0]} between {kind[1]} and {kind[2]}")
    return form, True
