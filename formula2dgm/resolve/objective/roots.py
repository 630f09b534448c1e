"""The roots of an objective: its terms by unique names, each reduced to a number over what batch is left."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Term
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.draws.estimated_draws import settle_relaxed
from formula2dgm.resolve.draws.term_scores import with_statement_scores
from formula2dgm.resolve.objective.coefficients import coefficient
from formula2dgm.resolve.objective.terms import Draft
from formula2dgm.resolve.values.inner_products import with_inner_products
from formula2dgm.syntax import tree


def named_terms(context: Context, drafts: list[Draft]) -> tuple[Term, ...]:
    """Terms with unique names, each reduced to a number over what batch is left."""
    _note_densities(context, drafts)
    out: list[Term] = []
    seen: dict[str, int] = {}
    costs = [(each.node, each.number if not each.symbols else 0.0) for each in drafts]
    for draft, scored in zip(drafts, with_statement_scores(context, costs), strict=True):
        node = settle_relaxed(context, _reduce_root(context, replace(draft, node=scored)))
        seen[draft.name] = seen.get(draft.name, 0) + 1
        name = draft.name if seen[draft.name] == 1 else f"{draft.name}#{seen[draft.name]}"
        factor = coefficient(context, draft.number, draft.symbols, draft.core.span)
        out.append(Term(name, factor, node, draft.core.span))
    return tuple(out)


def _note_densities(context: Context, drafts: list[Draft]) -> None:
    """A density that is a term by itself, beside logarithms of others, is read as it is written: as a value."""
    cores = [each.core for each in drafts]
    logs = [each for each in cores if isinstance(each, tree.Prefix | tree.Func) and each.name == "log"]
    if any(is_density_call(each) for log in logs for each in log.children):
        for each in (each for each in cores if is_density_call(each)):
            context.assume(f"{each} is the value of the density, as it is written: no logarithm", each.span)


def _reduce_root(context: Context, draft: Draft) -> ir.Node:
    node = with_inner_products(context, draft.node)
    for axis in [axis for axis in node.axes if axis.kind == "batch"]:
        if context.options.reduction != "none":
            node = context.arena.make(ir.Reduce, context.options.reduction, axis, node, origin=draft.core)
    left = [axis for axis in node.axes if axis.kind != "batch"]
    if left:
        raise _left_over(context, draft, left[0])
    if node.event == "value":
        raise context.refuse(
            "F2D-0414",
            f"{draft.name} is not a number for each example: its event dimensions are left",
            draft.core.span,
            f"reduce them: ||{draft.core}||^2",
        )
    return node


def _left_over(context: Context, draft: Draft, axis: Axis) -> Exception:
    """An axis that no operator removes: the draws of ``z_{1:K}``, the values of a finite variable."""
    what = f"the {axis.name} draws" if axis.kind == "sample" else f"the values along {axis.name}"
    index = axis.name.lower() if axis.kind == "sample" else axis.name
    return context.refuse(
        "F2D-0413",
        f"{what} of {draft.name} are neither summed nor averaged",
        draft.core.span,
        f"sum over an index of them: \\sum_{{{index}=1}}^{axis.name.upper()}",
    )
