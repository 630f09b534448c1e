"""Linear recurrences, all steps at once."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.tensors import broadcast


def linear_recurrence(factor: Tensor, rest: Tensor | float, initial: Tensor | float, dim: int) -> Tensor:
    """c_1, ..., c_T along a dimension, where c_t = factor_t c_{t-1} + rest_t and c_0 is ``initial``: T steps in log T
    rounds, each of which joins spans of steps twice as long."""
    factor, rest = (each.movedim(dim, 0) for each in broadcast(factor, rest))
    span = 1
    while span < len(factor):
        before = torch.ones_like(factor[:span]), torch.zeros_like(rest[:span])
        earlier, added = (torch.cat([each, all_[:-span]]) for each, all_ in zip(before, (factor, rest), strict=True))
        factor, rest = factor * earlier, factor * added + rest
        span *= 2
    return (factor * initial + rest).movedim(0, dim)
