"""Which library function computes a density or a divergence: the general one, or one that knows more of it."""

from __future__ import annotations

from formula2dgm.codegen.laws import facts, is_standard, settings
from formula2dgm.codegen.python import Code, call
from formula2dgm.codegen.scope import Scope
from formula2dgm.ir import nodes as ir
from formula2dgm.registry.divergences import STANDARD_FORMS, closed_form


def log_density(scope: Scope, node: ir.LogProb, point: Code, given: list[Code], lead: str) -> tuple[Code, bool]:
    """The log-density at a point by parameters as they are given, and whether it is summed over its event."""
    law, fact, whole = node.law, facts(node.law), not (node.law.scalar or node.elementwise)
    if whole and fact.standard_log_prob_sum is not None and is_standard(law):
        return call(scope.use(fact.standard_log_prob_sum), point, lead), True
    if fact.drawn_log_prob is not None and (noise := scope.noise_of(node.value, law)) is not None:
        return call(scope.use(fact.drawn_log_prob), noise, *given, *settings(law)), False
    if whole and fact.log_prob_sum is not None:
        return call(scope.use(fact.log_prob_sum), point, *given, lead, *settings(law)), True
    return call(scope.use(fact.log_prob), point, *given, *settings(law)), False


def divergence_form(node: ir.Divergence) -> tuple[str, bool]:
    """The library function of a divergence, and whether it takes the parameters of the right law."""
    kind = (node.name, node.left.family, node.right.family)
    if kind in STANDARD_FORMS and is_standard(node.right):
        return STANDARD_FORMS[kind], False
    form = closed_form(*kind)
    if form is None:
        raise LookupError(f"no closed form of {kind[0]} between {kind[1]} and {kind[2]}")
    return form, True
