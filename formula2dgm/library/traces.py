"""Traces of Jacobians, exactly."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def jacobian_trace(y: Tensor, x: Tensor, lead: int) -> Tensor:
    """tr(∂y/∂x) for each position of the first ``lead`` dimensions, of which y at each depends on x there alone: one
    derivative for each entry of the event, [..., event...] -> [...]."""

    def row(weights: Tensor) -> Tensor:
        return torch.autograd.grad(y, x, weights, create_graph=True, materialize_grads=True)[0]

    return trace_of_rows(y, x, lead, row)


def trace_at(
    function: Callable[[Tensor], Tensor | tuple[Tensor, ...]], x: Tensor, lead: int
) -> tuple[Tensor, Tensor | tuple[Tensor, ...]]:
    """tr(∂f/∂x) at x for each position of the first ``lead`` dimensions, and all that the function returns, f first.
    Its rows are those of ``torch.func.vjp`` where ``torch.compile`` traces them into one graph; elsewhere those of
    ``torch.autograd.grad``, which networks with a state (batch norm) can do with."""
    if not torch.compiler.is_compiling():
        with torch.enable_grad():
            point = x if x.requires_grad else x.detach().requires_grad_()
            found = function(point)
            return jacobian_trace(found[0] if isinstance(found, tuple) else found, point, lead), found

    def value(point: Tensor) -> tuple[Tensor, Tensor | tuple[Tensor, ...]]:
        found = function(point)
        return (found[0] if isinstance(found, tuple) else found), found

    y, rows, found = torch.func.vjp(value, x, has_aux=True)  # type: ignore[misc]
    return trace_of_rows(y, x, lead, lambda weights: rows(weights)[0]), found


def trace_of_rows(y: Tensor, x: Tensor, lead: int, row: Callable[[Tensor], Tensor]) -> Tensor:
    """The trace, entry by entry of the event, of a Jacobian whose rows, weighted, ``row`` gives."""
    if y.shape != x.shape:
        raise ValueError(
            "a trace needs as many outputs as inputs, but this function takes the event shape "
            f"{tuple(x.shape[lead:])} to {tuple(y.shape[lead:])}"
        )
    entries = y.unsqueeze(-1).flatten(lead)
    trace = torch.zeros_like(entries[..., 0])
    for i, one in enumerate(torch.eye(entries.shape[-1], dtype=y.dtype, device=y.device)):
        weights = one.expand_as(entries).reshape(y.shape)
        trace = trace + row(weights).unsqueeze(-1).flatten(lead)[..., i]
    return trace
