r"""Logarithms of joints over steps, and divergences between them, as sums over steps.

KL[q(z_{1:T}) || p(z_{1:T})] = \sum_t E_{q(z_{<t})}[KL[q(z_t|z_{<t}) || p(z_t|z_{<t})]]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.chains.joints import marginal
from formula2dgm.resolve.context import Context, Refused
from formula2dgm.resolve.sequences.joints import Run, is_whole, runs_of
from formula2dgm.resolve.sequences.places import Offset
from formula2dgm.syntax import tree

# -- logarithms ----------------------------------------------------------------------------------------


def log_over_steps(context: Context, argument: tree.Node) -> tree.Node | None:
    """``\\log`` of joints over steps, and of products over steps, as a sum over steps; None for anything else."""
    if context.time is None or not _holds_steps(context, argument):
        return None
    return _log(context, argument)


def _holds_steps(context: Context, node: tree.Node) -> bool:
    match node:
        case tree.Mul(factors):
            return any(_holds_steps(context, each) for each in factors)
        case tree.Div(top, bottom):
            return _holds_steps(context, top) or _holds_steps(context, bottom)
        case tree.Big(op="prod"):
            return context.time is not None and {name for name, _ in binder_names(node)} <= context.time.indices
        case tree.Call():
            joint = is_density_call(node) and any(is_whole(context, each) for each in node.args)
            return joint and marginal(context, node) is None
    return False


def _log(context: Context, node: tree.Node) -> tree.Node:
    match node:
        case tree.Mul(factors) if "circ" not in node.ops:
            return tree.Add(tuple(_log(context, each) for each in factors), span=node.span)
        case tree.Div(top, bottom):
            below = tree.Neg(_log(context, bottom), span=bottom.span)
            return tree.Add((_log(context, top), below), span=node.span)
        case tree.Big(op="prod") if _holds_steps(context, node):
            return replace(node, op="sum", body=_log(context, node.body))
        case tree.Call() if _holds_steps(context, node) and (runs := runs_of(context, node)) is not None:
            parts = [each.summed(tree.Prefix("log", each.call, span=node.span)) for each in runs]
            return parts[0] if len(parts) == 1 else tree.Add(tuple(parts), span=node.span)
    return tree.Prefix("log", node, span=node.span)


# -- divergences ---------------------------------------------------------------------------------------


def divergence_over_steps(context: Context, node: tree.Divergence) -> tree.Node | None:
    """``KL`` between two joints over steps, step by step; None for any other divergence."""
    left, right = runs_of(context, node.left), runs_of(context, node.right)
    if left is None and right is None:
        return None
    if node.name not in ("KL", "D"):
        raise context.refuse(
            "F2D-0313",
            f"{node.name} of joints over steps is no sum over steps: of the divergences, KL alone is",
            node.span,
            "write KL, or the divergence of each step under a sum: \\sum_{t=1}^T " + f"{node.name}[...]",
        )
    if left is None or right is None:
        raise context.refuse(
            "F2D-0313",
            f"{node} compares all steps with something else than all steps",
            node.span,
            "write both sides as joints over steps, q(z_{1:T}|x_{1:T}) and p(z_{1:T})",
        )
    if len(left) != len(right):
        raise _unlike(node, context)
    parts = [_step_divergence(context, node, each, right) for each in left]
    return parts[0] if len(parts) == 1 else tree.Add(tuple(parts), span=node.span)


def _step_divergence(context: Context, node: tree.Divergence, run: Run, right: Sequence[Run]) -> tree.Node:
    over = _variable(context, run)
    others = [each for each in right if _variable(context, each) == over]
    same = [each for each in others if _steps(each) == _steps(run) and _moved(context, each) == _moved(context, run)]
    if len(same) != 1:
        raise _unlike(node, context, over)
    return run.summed(replace(node, left=run.call, right=same[0].call))


def _unlike(node: tree.Divergence, context: Context, over: str = "") -> Refused:
    return context.refuse(
        "F2D-0313",
        f"the two sides of {node} are not factorised alike over the steps{f' of {over}' if over else ''}",
        node.span,
        "begin both products at the same step, q(z_1|x) \\prod_{t=2}^T ..., p(z_1) \\prod_{t=2}^T ..., or write the "
        "logarithms: E_{q(z_{1:T}|x)}[\\log q(z_{1:T}|x) - \\log p(z_{1:T})]",
    )


def _moved(context: Context, run: Run) -> list[int]:
    """How far away from the step of the run its variables are: -1 of ``p(x_{t-1}|x_t)``."""
    names = [read_name(each, context.model.indices) for each in run.call.args if isinstance(each, tree.Symbol)]
    places = [place for name in names for _, place in context.time.places(name)] if context.time else []
    return [each.by for each in places if isinstance(each, Offset)]


def _variable(context: Context, run: Run) -> str:
    names = [read_name(each, context.model.indices).id for each in run.call.args if isinstance(each, tree.Symbol)]
    return ", ".join(names)


def _steps(run: Run) -> str:
    """The steps of a run: two with the same text run over the same steps."""
    if run.product is None:
        return ""
    item = run.product.binders[0]
    lower = item.value if isinstance(item, tree.Binds) else item.right if isinstance(item, tree.Relates) else "1"
    return str(lower.lower if isinstance(lower, tree.Range) else lower)
