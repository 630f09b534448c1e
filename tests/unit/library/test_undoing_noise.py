"""Steps from noise to data where what a network should say is known: Normal data."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from formula2dgm.library.undoing_noise import guided, langevin_step, undo_noise

MEAN, DEVIATION = torch.tensor([1.0, -2.0]).double(), torch.tensor([1.5, 0.7]).double()


def path(t: Tensor) -> tuple[Tensor, Tensor]:
    """Of a variance-preserving process."""
    return torch.exp(-t), (1 - torch.exp(-2 * t)).sqrt()


def spread(t: Tensor) -> Tensor:
    """The deviation of x_t."""
    a, b = path(t)
    return (a**2 * DEVIATION**2 + b**2).sqrt()


def exact(x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The means of data and noise, given x_t."""
    a, b = (each[:, None] for each in path(t))
    away = (x - a * MEAN) / spread(t[:, None]) ** 2
    return MEAN + a * DEVIATION**2 * away, b * away


def error(order: int, steps: int) -> float:
    """Along the differential equation x keeps its place among the quantiles."""
    torch.manual_seed(0)
    times = torch.linspace(3, 0.1, steps + 1).double()
    start = torch.randn(50, 2, dtype=torch.float64)
    (first, _), (last, _) = path(times[0]), path(times[-1])
    right = last * MEAN + spread(times[-1]) / spread(times[0]) * (start - first * MEAN)
    return (undo_noise(path, exact, start, times, {}, order=order) - right).abs().max().item()


@pytest.mark.parametrize(("order", "ratio"), [(1, 2.0), (2, 4.0)])
def test_the_error_falls_by_the_order(order: int, ratio: float) -> None:
    assert error(order, 100) / error(order, 200) == pytest.approx(ratio, rel=0.05)


def test_the_last_step_of_the_second_order_needs_nothing_where_no_noise_is_left() -> None:
    def asked(x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        assert t.all()
        return exact(x, t)

    times = torch.linspace(3, 0, 11).double()
    assert undo_noise(path, asked, torch.randn(5, 2).double(), times, {}, order=2, corrections=2).isfinite().all()


def test_heun_is_the_trapezoid_of_the_velocity() -> None:
    """On a straight path: x + h (v(x, t) + v(x + h v(x, t), s)) / 2."""

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        return torch.sin(x + t[:, None])

    def said(x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        v = velocity(x, t)
        return x - t[:, None] * v, x + (1 - t[:, None]) * v

    x = torch.randn(4, 2, dtype=torch.float64)
    times = torch.tensor([0.9, 0.5], dtype=torch.float64)
    t, s = (each.expand(4) for each in times)
    slope = velocity(x, t)
    expected = x - 0.4 * (slope + velocity(x - 0.4 * slope, s)) / 2
    assert_close(undo_noise(lambda t: (1 - t, t), said, x, times, {}, order=2), expected)


def test_langevin_steps_keep_the_law_up_to_their_length() -> None:
    """x' = (1 - h/v) x + sqrt(2h) z of a Normal of variance v has the variance v / (1 - h/2v), here h = 2 snr^2 v."""
    torch.manual_seed(1)
    snr, variance, b = 0.3, 2.0, torch.tensor(0.8)
    x = variance**0.5 * torch.randn(100_000, 2)
    for _ in range(60):
        x = langevin_step(x, b * x / variance, b, snr, torch.randn_like(x))
    assert_close(x.var(0), torch.full((2,), variance / (1 - snr**2)), rtol=0.02, atol=0)


def test_guidance_goes_on_from_what_is_said_alone() -> None:
    given, alone = (torch.ones(2), torch.zeros(2)), (torch.zeros(2), torch.ones(2))
    assert_close(guided(given, alone, 2.0), (3 * torch.ones(2), -2 * torch.ones(2)))


def test_draws_and_the_second_order_do_not_go_together() -> None:
    with pytest.raises(ValueError, match="order=2"):
        undo_noise(path, exact, torch.zeros(1, 2), torch.tensor([1.0, 0.5]), {}, order=2, eta=1.0)
