"""Draws that only the step after reads: of the left side of a divergence, ``KL[q(z_t|z_{t-1}) || p(z_t|z_{t-1})]``."""

from __future__ import annotations

from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.divergences.sides import factors
from formula2dgm.resolve.operators.binders import Bound, bind_factor
from formula2dgm.resolve.sequences.joints import runs_of
from formula2dgm.resolve.sequences.sequence_draws import bind_runs
from formula2dgm.syntax import tree


def draw_of_divergence(context: Context, root: tree.Node, variable: str, scope: Scope, evaluate: Evaluate) -> None:
    """Draw a variable that no expectation binds from the law that the left side of a divergence has over it."""
    for node in root.all(tree.Divergence):
        if (runs := runs_of(context, node.left)) is not None:
            drawn = [each for each in runs if variable in _variables(context, each.call)]
            if drawn:
                context.assume(f"{variable} is drawn from {node.left}", node.span)
                bind_runs(context, drawn, Bound(), scope, evaluate)
                return
            continue
        for use in factors(context, node.left):
            over = [
                read_name(each, context.model.indices).id for each in use.variables if isinstance(each, tree.Symbol)
            ]
            if over == [variable]:
                context.assume(f"{variable} is drawn from {use.density.label} at each step", node.span)
                bind_factor(context, use, Bound(), scope, evaluate, ())
                return


def _variables(context: Context, call: tree.Call) -> set[str]:
    return {read_name(each, context.model.indices).id for each in call.args if isinstance(each, tree.Symbol)}
