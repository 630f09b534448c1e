"""One density of a product, at its variables as data: its logarithm, and its law if it has one."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.joints import Factor
from formula2dgm.resolve.context import Scope
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.densities.written_densities import is_written, log_written
from formula2dgm.resolve.values.expressions import Evaluator
from formula2dgm.spans import Span


def factor_of_law(evaluate: Evaluator, law: ir.Law, name: str, scope: Scope, span: Span | None) -> Factor:
    """The factor of a variable whose law is known."""
    log = evaluate.context.arena.make(ir.LogProb, law, scope.values[name])
    return Factor((name,), log, law, law.label, span)


def factor_of_use(
    evaluate: Evaluator, use: Use, names: tuple[str, ...], scope: Scope, label: str, span: Span | None
) -> Factor:
    """The factor of a density of the formula; ``names`` are what its variables are called."""
    if not is_written(use.density):
        return factor_of_law(evaluate, law_of(evaluate.context, use, scope, evaluate), names[0], scope, span)
    return Factor(names, log_written(evaluate, use, scope), None, label, span)
