"""Traces of Jacobians, exactly."""

from __future__ import annotations

import torch
from torch import Tensor


def jacobian_trace(y: Tensor, x: Tensor, lead: int) -> Tensor:
    """tr(∂y/∂x) for each position of the first ``lead`` dimensions, of which y at each depends on x there alone: one
    derivative for each entry of the event, [..., event...] -> [...]."""
    if y.shape != x.shape:
        raise ValueError(
            "a trace needs as many outputs as inputs, but this function takes the event shape "
            f"{tuple(x.shape[lead:])} to {tuple(y.shape[lead:])}"
        )
    entries = y.unsqueeze(-1).flatten(lead)
    trace = torch.zeros_like(entries[..., 0])
    for i, each in enumerate(entries.unbind(-1)):
        row = torch.autograd.grad(each.sum(), x, create_graph=True, materialize_grads=True)[0]
        trace = trace + row.unsqueeze(-1).flatten(lead)[..., i]
    return trace
