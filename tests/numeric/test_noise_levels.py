r"""Levels of noise that are drawn by their logarithm, behind a semicolon or a comma, and networks with their inputs and
outputs scaled: against the paper written by hand (Karras et al. 2022)."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import AtTime
from tests.support.agreement import assert_agrees

N, D = 5, 2
DRAWS = r"y \sim p_{data}; n \sim \mathcal{N}(0, \sigma^2 I); \lambda(\sigma) = (\sigma^2 + 0.25) / (0.5 \sigma)^2"
LAWS = [
    r"\log\sigma \sim \mathcal{N}(-1.2, 1.2^2)",
    r"\ln(\sigma) \sim N(-1.2, 1.44)",
    r"\sigma \sim LogNormal(-1.2, 1.44)",
]
SCALED = [
    r"D_\theta(x; \sigma) = c_{skip}(\sigma) x + c_{out}(\sigma) F_\theta(c_{in}(\sigma) x; c_{noise}(\sigma))",
    r"c_{skip}(\sigma) = 0.25 / (\sigma^2 + 0.25); c_{out}(\sigma) = 0.5 \sigma / \sqrt{0.25 + \sigma^2}",
    r"c_{in}(\sigma) = 1 / \sqrt{\sigma^2 + 0.25}; c_{noise}(\sigma) = \frac14 \log\sigma",
]


def denoised(net: nn.Module, x: Tensor, level: Tensor) -> Tensor:
    """Equation 7 of the paper, for data of deviation 0.5."""
    s = level[:, None]
    inner = net(x / (s**2 + 0.25).sqrt(), level.log() / 4)
    return 0.25 / (s**2 + 0.25) * x + 0.5 * s / (s**2 + 0.25).sqrt() * inner


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("scaled", [True, False])
def test_the_loss_is_that_of_the_paper(law: str, scaled: bool) -> None:
    net = AtTime(D)
    text = [r"\min_\theta E_{\sigma, y, n}[\lambda(\sigma) \|D_\theta(y + n; \sigma) - y\|_2^2]", law, DRAWS]
    text += SCALED if scaled else []
    bound = {r"F_\theta" if scaled else r"D_\theta": net}
    torch.manual_seed(1)
    y = torch.randn(N, D).double()
    assert_agrees(text, bound, {"y": y})
    assert_agrees(text, bound, {"y": y}, dims={"n": D})
    noise = {"sigma": torch.randn(N).double().exp(), "n": torch.randn(N, D).double()}
    level = torch.exp(-1.2 + 1.2 * noise["sigma"].log())
    noisy = y + level[:, None] * noise["n"]
    made = denoised(net, noisy, level) if scaled else net(noisy, level)
    expected = ((level**2 + 0.25) / (0.5 * level) ** 2 * ((made - y) ** 2).sum(1)).mean()
    assert_close(f2d.compile(text, bound)(y=y, noise=noise).loss, expected)


def test_the_sampler_is_that_of_the_paper() -> None:
    """Algorithm 1: dx/dsigma = (x - D(x; sigma)) / sigma by Heun's method, here with levels even in their logarithm."""
    net = AtTime(D)
    text = [r"\min_\theta E_{\sigma, y, n}\|D_\theta(y + n; \sigma) - y\|^2", LAWS[0], DRAWS, *SCALED]
    o: Any = f2d.compile(text, {r"F_\theta": net}, dims={"y": D})
    levels = torch.exp(-1.2 + 1.2 * torch.linspace(4, -4, 8).double())
    start = torch.randn(N, D).double()
    x = levels[0] * start
    with torch.no_grad():
        for t, s in zip(levels[:-1], levels[1:], strict=True):
            slope = (x - denoised(net, x, t.expand(N))) / t
            guess = x + (s - t) * slope
            x = x + (s - t) * (slope + (guess - denoised(net, guess, s.expand(N))) / s) / 2
    assert_close(o.sample(N, steps=7, order=2, noise={"y": start})["y"], x, atol=1e-5, rtol=1e-5)


def test_parameters_behind_a_semicolon_are_no_arguments() -> None:
    """What a text draws is a value; a name of parameters is none."""
    o = f2d.compile(
        [r"\min_\theta E_{n}\|f(y + n; \theta) - y\|^2", r"n \sim \mathcal{N}(0, I); y \sim p_{data}"],
        {"f": nn.Linear(D, D)},
    )
    assert "self.f(y + n)" in o.source
