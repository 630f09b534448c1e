"""Means of sums as one sum: over what is summed and over what is averaged at once, then divided."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.codegen.entries import products_of_entries
from formula2dgm.codegen.python import Code, call, method, quotient
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.scores import piece_of
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis

_DENSITIES = (ir.LogProb, ir.Divergence, ir.Entropy)


def summed_over(scope: Scope, node: ir.Reduce) -> ir.Node | None:
    """The density that a mean over the first axis is of, with sums over all its other axes between the two."""
    body = node.body
    axes: tuple[Axis, ...] = (node.axis,)
    while _is_sum(scope, body) or (isinstance(body, ir.Carrying) and body not in scope.bound):
        assert isinstance(body, ir.Reduce | ir.Carrying)
        axes = (*axes[:1], body.axis, *axes[1:]) if isinstance(body, ir.Reduce) else axes
        body = body.body
    return body if isinstance(body, _DENSITIES) and body.axes == axes else None


def mean_of_sum(scope: Scope, node: ir.Reduce, expression: Callable[..., Code]) -> Code | None:
    """The mean over one axis of a sum over the only other one, of numbers: ``(q * costs).sum() / x.shape[0]``."""
    inner = node.body
    if node.op != "mean" or not _is_sum(scope, inner):
        return None
    assert isinstance(inner, ir.Reduce)
    body = inner.body
    if set(body.axes) != {node.axis, inner.axis} or body.event != "number":
        return None
    if isinstance(body, (*_DENSITIES, ir.Window)) or not _has_size(scope, node.axis):
        return None
    if products_of_entries(scope, inner, expression) is not None:
        return None
    return quotient(method(expression(scope, body), "sum"), Code(scope.size(node.axis)))


def mean_of_squared_distance(scope: Scope, node: ir.Reduce, expression: Callable[..., Code]) -> Code | None:
    """The mean over the only axis of a squared distance of two values that both have it: one function of torch's."""
    match node:
        case ir.Reduce("mean", axis, ir.Pow(ir.Norm(ir.Add((left, ir.Neg(right))) as apart, 2) as norm, ir.Const(2))):
            known = any(each in scope.bound for each in (node.body, norm, apart))
            if not known and left.axes == right.axes == (axis,) and "number" not in (left.event, right.event):
                both = (expression(scope, each, "value") for each in (left, right))
                return call(scope.use("squared_distance_mean"), *both)
    return None


def _has_size(scope: Scope, axis: Axis) -> bool:
    """Does an argument run along the axis?"""
    return axis in scope.sizes or any(
        axis in each.axes and each.name in scope.arguments for each in scope.program.inputs
    )


def _is_sum(scope: Scope, node: ir.Node) -> bool:
    return isinstance(node, ir.Reduce) and node.op == "sum" and node not in scope.bound and piece_of(node) is None
