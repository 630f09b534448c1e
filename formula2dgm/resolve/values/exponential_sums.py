"""The value of a sum of exponentials over the classes, of the entries of a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.completion.densities.class_sums import ClassSum
from formula2dgm.ir import nodes as ir

if TYPE_CHECKING:
    from formula2dgm.resolve.context import Scope
    from formula2dgm.resolve.values.expressions import Evaluator


def class_sum(evaluate: Evaluator, node: ClassSum, scope: Scope) -> ir.Node:
    """Its value; that there are so many entries is checked with the batch."""
    vector = evaluate(node.args[0], scope.under(node, False))
    if vector.event == "number":
        raise evaluate.context.refuse(
            "F2D-0544",
            f"{node.args[0]} is one number for each example, and the sum runs over {node.classes} classes",
            node.span,
            "write it of a vector with an entry for each class, \\sum_{y'} \\exp(f(x)[y'])",
        )
    count = evaluate.context.const(node.classes)
    return evaluate.make(ir.EventFunction, "class_logsumexp", (vector, count), "number")
