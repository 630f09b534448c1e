"""Gradients inside an objective, in the reference interpreter: a value is computed anew from its point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from formula2dgm.ir import nodes as ir
from formula2dgm.runtime.reference_networks import log_det_by_outputs
from formula2dgm.runtime.reference_noise import Position
from formula2dgm.runtime.reference_values import Value

if TYPE_CHECKING:
    from formula2dgm.runtime.reference import Reference


def derivative(reference: Reference, node: ir.Node, at: Position) -> Value:
    """The value of a gradient, a derivative along a direction, a trace or a determinant of a Jacobian."""
    match node:
        case ir.Grad(body, wrt):
            return gradient(reference, body, wrt, at)
        case ir.Jvp():
            return derivative_along(reference, node, at)
        case ir.JacobianTrace(body, wrt):
            return jacobian_trace(reference, body, wrt, at)
        case ir.LogDetJacobian(body, wrt):
            return log_det_jacobian(reference, body, wrt, at)
    raise TypeError(f"{type(node).__name__} is no derivative")


def gradient(run: Reference, body: ir.Node, wrt: ir.Node, at: Position) -> Value:
    value, point = _from_point(run, body, wrt, at)
    (found,) = torch.autograd.grad(value.tensor.sum(), point.tensor, create_graph=True)
    return Value(found, point.batched)


def log_det_jacobian(run: Reference, body: ir.Node, wrt: ir.Node, at: Position) -> Value:
    value, point = _from_point(run, body, wrt, at)
    return Value(log_det_by_outputs(value.tensor, point.tensor), point.batched)


def jacobian_trace(run: Reference, body: ir.Node, wrt: ir.Node, at: Position) -> Value:
    """The sum of the derivatives of each entry by itself, one example and one entry at a time."""
    value, point = _from_point(run, body, wrt, at)
    lead = int(point.batched)
    entries = value.tensor.unsqueeze(-1)
    outputs = entries.flatten(lead) if lead else entries.flatten()[None]
    traces = []
    for example, row in enumerate(outputs):
        total = torch.zeros((), dtype=torch.float64)
        for i, entry in enumerate(row):
            (gradient,) = torch.autograd.grad(entry, point.tensor, create_graph=True, materialize_grads=True)
            total = total + (gradient[example] if lead else gradient).flatten()[i]
        traces.append(total)
    return Value(torch.stack(traces) if lead else traces[0], point.batched)


def derivative_along(run: Reference, node: ir.Jvp, at: Position) -> Value:
    """The network's derivative as its arguments move: the gradient by u of ``<u^T df/dx, direction>``, linear in u."""
    assert isinstance(node.head, ir.Head)
    args = node.head.call.args
    known = {each: _as_point(run(each, at)) if i in node.places else run(each, at) for i, each in enumerate(args)}
    kept, run.memo = run.memo, {run.key(each, at): value for each, value in known.items()}
    try:
        value = run(node.head, at)
    finally:
        run.memo = kept
    points = {args[place]: tangent for place, tangent in zip(node.places, node.tangents, strict=True)}
    u = torch.zeros_like(value.tensor, requires_grad=True)
    wanted = [known[each].tensor for each in points]
    rows = torch.autograd.grad(value.tensor, wanted, u, create_graph=True, materialize_grads=True)
    total = torch.zeros((), dtype=torch.float64)
    for row, tangent in zip(rows, points.values(), strict=True):
        direction = run(tangent, at).tensor
        direction = direction.reshape(direction.shape + (1,) * (row.dim() - direction.dim()))
        total = total + (row * direction).sum()
    if not total.requires_grad:
        return Value(torch.zeros_like(value.tensor), value.batched)
    (found,) = torch.autograd.grad(total, u, create_graph=True, materialize_grads=True)
    return Value(found, value.batched)


def _as_point(value: Value) -> Value:
    tensor = value.tensor
    return value if tensor.requires_grad else Value(tensor.detach().requires_grad_(), value.batched)


def _from_point(run: Reference, body: ir.Node, wrt: ir.Node, at: Position) -> tuple[Value, Value]:
    """A value computed anew from the point that it is differentiated by, and that point."""
    point = run(wrt, at)
    if not point.tensor.requires_grad:
        point = Value(point.tensor.detach().requires_grad_(), point.batched)
    kept, run.memo = run.memo, {run.key(wrt, at): point}
    try:
        return run(body, at), point
    finally:
        run.memo = kept
