"""Given noise for code that draws by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import torch
from torch import Tensor


@contextmanager
def replayed(steps: Iterator[Tensor] | None) -> Iterator[None]:
    """Inside, each draw of a Normal of torch.distributions (hence of Pyro and Pixyz) takes the next tensor as its
    standard normal noise. With None, draws are random as ever."""
    if steps is None:
        yield
        return

    def given(shape: torch.Size, dtype: torch.dtype, device: torch.device) -> Tensor:
        noise = next(steps)
        return noise.expand(shape).to(dtype=dtype, device=device)

    with mock.patch("torch.distributions.normal._standard_normal", given):
        yield
