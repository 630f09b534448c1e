"""Gradients of several values by one: of each of several draws, at one point."""

from __future__ import annotations

import torch
from torch import Tensor


def gradient_of_each(y: Tensor, x: Tensor, own: tuple[int, ...]) -> Tensor:
    """∂y/∂x for each index along the dimensions ``own`` of y, which x lacks: [own..., shared..., event...], where y at
    each position of the shared dimensions depends on x there alone."""
    front = tuple(range(len(own)))
    rows = y.movedim(own, front)
    found = [
        torch.autograd.grad(each.sum(), x, create_graph=True, materialize_grads=True)[0]
        for each in rows.flatten(0, len(own) - 1).unbind(0)
    ]
    return torch.stack(found).unflatten(0, rows.shape[: len(own)]).movedim(front, own)
