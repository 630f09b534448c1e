"""Derivatives with respect to values, their traces and determinants."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.codegen.python import ATOM, Code, call, method
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir

Expression = Callable[[Scope, ir.Node, Demand], Code]
Derivative = ir.Grad | ir.LogDetJacobian | ir.JacobianTrace | ir.LogAbsDet


def derivative(scope: Scope, node: Derivative, expression: Expression) -> Code:
    """A gradient, or a number made of a Jacobian, for each example."""
    match node:
        case ir.LogAbsDet(matrix):
            found = call("torch.linalg.slogdet", expression(scope, matrix, "value"))
            return Code(f"{found.text}.logabsdet", ATOM, found.head, found.items, f"{found.tail}.logabsdet")
        case ir.Grad(body, wrt) if own := _own_axes(body, wrt):
            of, by = expression(scope, body, "number"), expression(scope, wrt, "value")
            return call(scope.use("gradient_of_each"), of, by, str(own))
        case ir.Grad(body, wrt):
            inner = method(expression(scope, body, "number"), "sum")
            gradient = call("torch.autograd.grad", inner, expression(scope, wrt, "value"), *_graph(scope, node))
            return Code(gradient.text + "[0]", ATOM, gradient.head, gradient.items, gradient.tail + "[0]")
    function = "jacobian_trace" if isinstance(node, ir.JacobianTrace) else "log_det_jacobian"
    both = (expression(scope, each, "value") for each in (node.body, node.wrt))
    return call(scope.use(function), *both, str(len(node.wrt.axes)))


def derivative_at(scope: Scope, node: ir.Grad | ir.JacobianTrace, function: str, point: Code) -> Code:
    """The same of a function of its point, and what the function returns."""
    if isinstance(node, ir.Grad):
        return call(scope.use("gradient_at"), function, point)
    return call(scope.use("trace_at"), function, point, str(len(node.wrt.axes)))


def _graph(scope: Scope, node: ir.Grad) -> tuple[str, ...]:
    """What becomes of the graph: derived through, read by another derivative as well, or freed."""
    if node not in scope.constant:
        return ("create_graph=True",)
    return ("retain_graph=True",) if node in scope.retained else ()


def _own_axes(body: ir.Node, wrt: ir.Node) -> tuple[int, ...]:
    """The positions of the axes of a body that the value lacks by which it is derived: its draws, say."""
    return tuple(place for place, axis in enumerate(body.axes) if axis not in wrt.axes)
