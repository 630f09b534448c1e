"""Numbers beside tensors: every function of the library takes either for a parameter."""

from __future__ import annotations

import torch
from torch import Tensor


def as_tensors(*values: Tensor | float) -> tuple[Tensor, ...]:
    """All values as tensors: a number takes the dtype and device of the first floating tensor beside it."""
    floating = [value for value in values if isinstance(value, Tensor) and value.is_floating_point()]
    like = floating[0] if floating else torch.empty(())
    return tuple(value if isinstance(value, Tensor) else like.new_full((), value) for value in values)


def broadcast(*values: Tensor | float) -> tuple[Tensor, ...]:
    """All values as tensors of their common shape."""
    return tuple(torch.broadcast_tensors(*as_tensors(*values)))


def floating_dtype(like: Tensor) -> torch.dtype:
    """The dtype of ``like``, or torch's default where ``like`` holds whole numbers."""
    return like.dtype if like.is_floating_point() else torch.get_default_dtype()
