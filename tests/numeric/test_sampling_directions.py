r"""Samplers along paths that begin or end elsewhere than most: where the noise is, and what data are multiplied by.

Each network is the exact prediction for Normal data, of which the law of the samples is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

MEAN, SCALE = torch.tensor([1.0, -2.0]), torch.tensor([1.5, 0.7])
LOSS = r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon - \epsilon_\theta(x_t, t)\|^2; "
N = 4000

Schedule = Callable[[Tensor], Tensor]


class Exact(nn.Module):
    """E[noise | x_t] of x_t = a(t) x_0 + b(t) noise, x_0 ~ N(MEAN, SCALE^2)."""

    def __init__(self, a: Schedule, b: Schedule):
        super().__init__()
        self.a, self.b = a, b

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        a, b = self.a(t)[:, None], self.b(t)[:, None]
        return b * (x - a * MEAN) / (a**2 * SCALE**2 + b**2)


PATHS: list[tuple[str, Schedule, Schedule, str]] = [
    (r"x_t = 2(1-t) x_0 + t \epsilon; t \sim U(0, 1)", lambda t: 2 * (1 - t), lambda t: t, "at 0.99 to x_0 at 0"),
    (r"x_t = t \epsilon - (1-t) x_0; t \sim U(0, 1)", lambda t: t - 1, lambda t: t, "at 0.99 to x_0 at 0"),
    (
        r"x_t = \frac tT x_0 + (1 - \frac tT) \epsilon; t \sim U\{1, T\}; T = 50",
        lambda t: t / 50,
        lambda t: 1 - t / 50,
        "at 1 to x_0 at T",
    ),
    (
        r"x_t = (1 - \frac tT) x_0 + \frac tT \epsilon; t \sim U\{1, T\}; T = 50",
        lambda t: 1 - t / 50,
        lambda t: t / 50,
        "at T - 1 to x_0 at 1",
    ),
    (
        r"x_t = x_0 + \sigma_t \epsilon; \sigma_t = 20 (0.01 / 20)^{(t-1)/(L-1)}; t \sim U\{1, L\}; L = 60",
        torch.ones_like,
        lambda t: 20 * (0.01 / 20) ** ((t - 1) / 59),
        "at 1 to x_0 at L",
    ),
]


@pytest.mark.parametrize(("path", "a", "b", "ends"), PATHS, ids=range(len(PATHS)))
def test_samples_have_the_law_of_the_data(path: str, a: Schedule, b: Schedule, ends: str) -> None:
    bound = {r"\epsilon_\theta": Exact(a, b)}
    o: Any = f2d.compile(LOSS + path, bound, scaffold=True, dims={"x_0": 2})
    assert any(str(each) == f"sample goes from noise {ends}" for each in o.assumptions)
    torch.manual_seed(0)
    x = o.sample(N)["x_0"]
    # Discretisation moves means and scales by a few percent; a wrong end or factor by 100 %.
    assert_close(x.mean(0), MEAN, atol=0.15, rtol=0, check_dtype=False)
    assert_close(x.std(0), SCALE, atol=0, rtol=0.12, check_dtype=False)


def test_the_variance_of_langevin_dynamics_of_a_given_length() -> None:
    """The step h = 2 (snr |z| / |s|)^2 follows the chain's own norm: it keeps the variance v (1 + snr^2)."""
    text = LOSS + r"x_t = x_0 + t \epsilon; t \sim U(0.001, 2)"
    o: Any = f2d.compile(
        text, {r"\epsilon_\theta": Exact(torch.ones_like, lambda t: t)}, scaffold=True, dims={"x_0": 2}
    )
    torch.manual_seed(0)
    x = o.sample(N, steps=2, order=0, corrections=300, snr=0.5)["x_0"]
    assert_close(((x - MEAN) / SCALE).square().mean(), torch.tensor(1.25), atol=0.08, rtol=0, check_dtype=False)
