r"""Derivatives between two vectors: ``v^\top \nabla_x s(x) v`` and ``v^\top \nabla_x^2 f(x) v``.

The matrix of derivatives is never made: ``u^\top \frac{\partial s}{\partial x} w`` is ``w^\top \nabla_x (u^\top s(x))``
where u does not depend on x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.bilinear import derivative_between
from formula2dgm.resolve.calculus.gradients import derived
from formula2dgm.resolve.context import Scope
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def bilinear(evaluate: Evaluator, node: tree.Mul, scope: Scope) -> ir.Node | None:
    """The number ``u^\\top \\frac{\\partial s}{\\partial x} w``; None for any other product."""
    found = derivative_between(node)
    if found is None:
        return _row_of_derivative(evaluate, node, scope)
    context, make = evaluate.context, evaluate.make
    operand, by_what = found.operand, found.by
    u, w = evaluate(found.left, scope.under(node)), evaluate(found.right, scope.under(node))
    if found.name != "hess" and w.event == "number" and u.event != "number":
        return None  # v^T \nabla_x f(x), times a number
    for vector, value in ((found.left, u), (found.right, w)):
        if value.event == "number":
            raise context.refuse(
                "F2D-0521",
                f"{vector} stands beside a matrix of derivatives, and is no vector",
                vector.span,
                f"say what it is: {vector} \\sim \\mathcal{{N}}(0, I), or {vector} \\in \\mathbb{{R}}^{{16}}",
            )
    value, by = derived(context, node, operand, by_what, scope.under(node), evaluate, "v^\\top \\nabla_x s(x) v")
    if found.name == "hess":
        value = make(ir.Grad, value, by)
    elif value.event == "number":
        raise context.refuse(
            "F2D-0521",
            f"the gradient of the number {operand} is a vector, and stands between two others",
            node.span,
            "write v^\\top \\nabla_x s(x) v of a vector s, v^\\top \\nabla_x^2 f(x) v of a number f",
        )
    elif found.name == "grad" and u is not w:
        raise context.refuse(
            "F2D-0521",
            f"{node} does not say whether the rows of the derivative are those of {operand} or of {by_what[0]}",
            node.span,
            "write \\frac{\\partial s}{\\partial x}, whose rows are those of s, or one vector on both sides",
        )
    if any(each is by for each in walk(u)):
        raise context.refuse(
            "F2D-0521",
            f"{found.left} depends on {by_what[0]}, by which {operand} is derived",
            node.span,
            f"write a vector on the left that does not depend on {by_what[0]}",
        )
    return make(ir.Dot, w, make(ir.Grad, make(ir.Dot, u, value), by))


def _row_of_derivative(evaluate: Evaluator, node: tree.Mul, scope: Scope) -> ir.Node | None:
    """The vector ``u^\\top \\frac{\\partial s}{\\partial x}``, of a vector s; None for any other product."""
    match node:
        case tree.Mul((tree.Power(left, tree.Symbol("top" | "T")), tree.Prefix("jac" | "grad" as name, operand, by))):
            pass
        case _:
            return None
    context, make, below = evaluate.context, evaluate.make, scope.under(node)
    u = evaluate(left, below)
    value, point = derived(context, node, operand, by, below, evaluate, "v^\\top \\frac{\\partial s}{\\partial x}")
    if "number" in (u.event, value.event, point.event) or (name == "grad" and not isinstance(point, ir.PathPoint)):
        return None
    if any(each is point for each in walk(u)):
        raise context.refuse(
            "F2D-0521",
            f"{left} depends on {by[0]}, by which {operand} is derived",
            node.span,
            f"write a vector on the left that does not depend on {by[0]}",
        )
    return make(ir.Grad, make(ir.Dot, u, value), point)
