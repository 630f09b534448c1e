"""A variable that is drawn together with another one, from the plan between both that costs least."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.completion.flows.coupled import Coupled
from formula2dgm.ir import nodes as ir

if TYPE_CHECKING:
    from formula2dgm.resolve.context import Scope
    from formula2dgm.resolve.values.expressions import Evaluator


def coupled(evaluate: Evaluator, node: Coupled, scope: Scope) -> ir.Node:
    """The value of a coupled variable: an order of the examples of the batch."""
    context, below = evaluate.context, scope.under(node, False)
    value, to = evaluate(node.alone, below), evaluate(node.to, below)
    for each, symbol in ((value, node.alone), (to, node.to)):
        if each.axes != (scope.batch,) or each.event == "number":
            raise context.refuse(
                "F2D-0541",
                f"{node.alone} goes with {node.to} by a plan, which pairs one vector of each for every example, and "
                f"{symbol} is no such vector",
                node.span,
                "draw both once for each example, (x_0, x_1) \\sim \\pi",
            )
    if node.weight is None:
        return context.arena.make(ir.Coupled, value, to, scope.batch, origin=node)
    weight = evaluate(node.weight, below)
    site = f"order of {node.alone}"
    return context.arena.make(ir.Permuted, value, site, scope.batch, False, to, weight, origin=node)
