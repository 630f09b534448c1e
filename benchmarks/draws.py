"""What draws the noise that the gate gives to all contenders."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Draw = Callable[[torch.Generator], Tensor]


def normal(*shape: int, dtype: torch.dtype) -> Draw:
    """Standard normal noise."""
    return lambda generator: torch.randn(shape, dtype=dtype, generator=generator)


def uniform(*shape: int, dtype: torch.dtype) -> Draw:
    """Noise uniform on [0, 1)."""
    return lambda generator: torch.rand(shape, dtype=dtype, generator=generator)


def whole(low: int, high: int, *shape: int) -> Draw:
    """Whole numbers from ``low`` to ``high``, both included."""
    return lambda generator: torch.randint(low, high + 1, shape, generator=generator)


def orders(rows: int, count: int) -> Draw:
    """A random order of ``count`` things in each row."""
    return lambda generator: torch.rand(rows, count, generator=generator).argsort(-1)
