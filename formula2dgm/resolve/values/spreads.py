r"""``\\mathrm{Var}(z^j)``: the variance, or the standard deviation, of what has a value for each example of the batch.

A value that is drawn has a variance by its density; that is another one, and none of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Scope
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def spread(
    evaluate: Evaluator,
    node: tree.Node,
    name: str,
    args: Sequence[tree.Node],
    sub: Sequence[tree.Node],
    scope: Scope,
) -> ir.Node:
    """The variance over the batch, its squares divided by one less than the examples, or its root."""
    context, make = evaluate.context, evaluate.make
    value = evaluate(args[0], scope.under(node, False))
    batches = [axis for axis in value.axes if axis.kind == "batch"]
    if sub or len(batches) != 1 or any(isinstance(each, ir.Draw) for each in walk(value)):
        raise context.refuse(
            "F2D-0561",
            f"{node} is the variance of something that is not one value for each example of the batch",
            node.span,
            "write it out: E_{q(z|x)}[(z - m)^2] with the mean m, or \\frac1K \\sum_k (z_k - m)^2 over draws",
        )
    batch, one = batches[0], context.const(1)
    context.assume(f"{node} is over the examples of the batch: squares are divided by one less than these", node.span)
    mean = make(ir.Reduce, "mean", batch, value)
    square = make(ir.Pow, make(ir.Add, (value, make(ir.Neg, mean))), context.const(2))
    size = make(ir.Size, batch)
    less = make(ir.Add, (size, make(ir.Neg, one)))
    variance = make(ir.Div, make(ir.Reduce, "sum", batch, square), less)
    return variance if name == "var" else make(ir.Apply, "sqrt", (variance,))
