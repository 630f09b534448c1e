"""The scores of an objective's terms: which summand carries a baseline, and what statements draw.

What a statement draws has every term under its expectation, so that its scores are added to whole terms.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.draws.scores import reaches, with_scores


def baseline_shares(
    context: Context, among: Sequence[ir.Node], costs: Sequence[tuple[ir.Node, float]]
) -> list[dict[ir.Draw, float]]:
    """For each summand of a cost, given with its coefficient (0: no plain number), the coefficient by the draws whose
    constant baseline it carries: a baseline is subtracted once, from the first summand that depends on the draw."""
    shares: list[dict[ir.Draw, float]] = [{} for _ in costs]
    for scored in (context.scored[each] for each in among if each in context.scored):
        below = [position for position, (cost, _) in enumerate(costs) if reaches(cost, scored.draw)]
        if scored.constant and below:
            first = next((position for position in below if costs[position][1]), None)
            if first is None:
                raise context.refuse(
                    "F2D-0432",
                    "every cost here has a hyperparameter in front, so that the baseline has no place of its own",
                    scored.span,
                    'take baseline="leave-one-out" or "batch", or write the hyperparameter outside the expectation',
                )
            shares[first][scored.draw] = costs[first][1]
    return shares


def with_statement_scores(context: Context, costs: Sequence[tuple[ir.Node, float]]) -> list[ir.Node]:
    """The terms of an objective with the scores of what statements draw: they are all under that expectation."""
    values = list(context.statement_draws.values())
    draws = tuple(context.scored[each] for each in values if each in context.scored)
    shares = baseline_shares(context, values, costs)
    out = [with_scores(context, draws, cost, share) for (cost, _), share in zip(costs, shares, strict=True)]
    for each in out:
        _refuse_without_score(context, each)
    return out


def _refuse_without_score(context: Context, term: ir.Node) -> None:
    """A draw whose gradient is its score, in a term that has no score of it: the gradient would silently be missing."""
    nodes = list(walk(term))
    covered = {each.draw for node in nodes if node in context.surrogates for each in context.surrogates[node].draws}
    for scored in context.scored.values():
        if scored.draw in nodes and scored.draw not in covered:
            raise context.refuse(
                "F2D-0434",
                f"the score-function gradient of {scored.draw.site.split('@')[0]} is not available where it is drawn",
                scored.span,
                "write the expectation over it, E_{...}[...], or choose another estimator",
            )
