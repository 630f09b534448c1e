"""Numbers beside tensors: every function of the library takes either for a parameter."""

from __future__ import annotations

import torch
from torch import Tensor


def as_tensors(*values: Tensor | float) -> tuple[Tensor, ...]:
    """All values as tensors: a number takes the dtype and device of the first floating tensor beside it. Under autocast
    what a network returned in half precision goes on in float32, as densities do."""
    ready = [value for value in values if isinstance(value, Tensor) and value.element_size() >= 4]
    if len(ready) == len(values):
        return tuple(ready)  # no number, and nothing in half precision
    values = tuple(in_float32_under_autocast(value) if isinstance(value, Tensor) else value for value in values)
    floating = [value for value in values if isinstance(value, Tensor) and value.is_floating_point()]
    like = floating[0] if floating else torch.empty(())
    return tuple(value if isinstance(value, Tensor) else like.new_full((), value) for value in values)


def in_float32_under_autocast(x: Tensor) -> Tensor:
    """A tensor of half precision in float32 where autocast made it; half precision that was asked for stays."""
    half = x.is_floating_point() and x.element_size() < 4
    return x.float() if half and torch.is_autocast_enabled(x.device.type) else x


def broadcast(*values: Tensor | float) -> tuple[Tensor, ...]:
    """All values as tensors of their common shape."""
    return tuple(torch.broadcast_tensors(*as_tensors(*values)))


def floating_dtype(like: Tensor) -> torch.dtype:
    """The dtype of ``like``, or torch's default where ``like`` holds whole numbers."""
    return like.dtype if like.is_floating_point() else torch.get_default_dtype()
