"""Paths of differential equations by steps of one size."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from formula2dgm.library.paths import follow_path


def test_a_cubic_in_time_is_exact() -> None:
    """dz/dt = 4 t^3 and the integral of t^2: the method, and Simpson's rule in it, are exact for cubics."""

    def change(z: Tensor, t: Tensor) -> tuple[Tensor, ...]:
        return 4 * t[:, None] ** 3 * torch.ones_like(z), t**2

    z, integral = follow_path(change, torch.zeros(2, 3).double(), 0.0, 2.0, steps=1, lead=1)
    assert_close(z, torch.full((2, 3), 16.0).double())
    assert_close(integral, torch.full((2,), 8 / 3).double())


@pytest.mark.parametrize("lead", [0, 1, 2])
def test_decay_forwards_and_backwards(lead: int) -> None:
    """dz/dt = -z, with as many leading dimensions as are told; there and back again."""
    start = torch.randn(2, 3, 4, dtype=torch.float64)
    times = []

    def change(z: Tensor, t: Tensor) -> tuple[Tensor, ...]:
        times.append(t.shape)
        return (-z,)

    (end,) = follow_path(change, start, 0.0, 1.0, steps=50, lead=lead)
    assert_close(end, start * math.exp(-1), rtol=1e-8, atol=0)
    assert set(times) == {start.shape[:lead]}
    assert_close(follow_path(change, end, 1.0, 0.0, steps=50, lead=lead)[0], start, rtol=1e-8, atol=0)


def test_gradients_pass_through_times_and_starts() -> None:
    start, end = (torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in (2.0, 1.5))
    (z,) = follow_path(lambda z, t: (0.5 * z,), start, 0.0, end, steps=20, lead=0)
    by_start, by_end = torch.autograd.grad(z, (start, end))
    assert_close(by_start.item(), math.exp(0.75), rtol=1e-6, atol=0)
    assert_close(by_end.item(), math.exp(0.75), rtol=1e-6, atol=0)  # 0.5 * 2 e^{0.75}
