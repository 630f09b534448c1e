"""A flow's base, ``z_0 ~ N(0, 4 I)``: drawn and scored by the same law, wherever the draw is written."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d

TARGET = r"\log \tilde p(z) = -\frac12 \lVert z \rVert^2"
FORMULAS = [
    [r"\max \log \tilde p(z) - \log q(z)", "z = f(z_0)", r"z_0 \sim N(0, 4 I)", TARGET],
    [r"\max E_{z_0 \sim N(0, 4 I)}[\log \tilde p(z) - \log q(z)]", "z = f(z_0)", TARGET],
    [r"\max E_{q(z)}[\log \tilde p(z) - \log q(z)]", "z = f(z_0)", r"z_0 \sim N(0, 4 I)", TARGET],
    [r"\max E_{q(z)}[\log \tilde p(z) - \log q(z)]", "z = f(u)", r"u = g(z_0)", r"z_0 \sim N(0, 4 I)", TARGET],
]


class Scale(nn.Module):
    """z = 3 u + 1: log|det| = d log 3."""

    def forward(self, u: Tensor) -> tuple[Tensor, Tensor]:
        return 3 * u + 1, torch.full(u.shape[:-1], u.shape[-1] * math.log(3.0), dtype=u.dtype)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return (z - 1) / 3, torch.full(z.shape[:-1], -z.shape[-1] * math.log(3.0), dtype=z.dtype)


@pytest.mark.parametrize("scaffold", [True, False])
@pytest.mark.parametrize("formula", FORMULAS, ids=lambda each: " ; ".join(each[:2]))
def test_the_density_is_pushed_forward(formula: list[str], scaffold: bool) -> None:
    times = 2 if "u = g(z_0)" in formula else 1
    bindings = {"f": Scale()} | ({"g": Scale()} if times == 2 else {})
    objective = f2d.compile(formula, bindings, scaffold=scaffold, dims={"z": 2, "z_0": 2, "u": 2})
    noise = torch.randn(5, 2, dtype=torch.float64)
    start = 2 * noise
    z = start
    for _ in range(times):
        z = 3 * z + 1
    log_q = torch.distributions.Normal(0.0, 2.0).log_prob(start).sum(-1) - times * 2 * math.log(3.0)
    expected = (-0.5 * (z**2).sum(-1) - log_q).mean()
    torch.testing.assert_close(objective(batch_size=5, noise={"z_0": noise}).value, expected)


@pytest.mark.parametrize("scored", [r"+ \log p(z) - \log q(z|x)", r"- \log q(z|x) + \log p(z)"])
@pytest.mark.parametrize("bracket", ["E_{q(z|x)}", "E_q", r"E_{\epsilon \sim N(0, I)}"])
def test_of_prior_and_posterior_it_is_the_posterior(scored: str, bracket: str) -> None:
    """z is made of noise and of x: its own density is the posterior's, wherever it stands; the prior is its own."""
    noise = [] if "epsilon" in bracket else [r"\epsilon \sim N(0, I)"]
    text = [rf"\max {bracket}[\log p(x|z) {scored}]", r"z = f(\epsilon; x)", *noise]
    objective = f2d.compile(text, {"f": Shift()}, scaffold=True, dims={"x": 2, "z": 2, "epsilon": 2})
    x, noise_value = torch.randn(5, 2), torch.randn(5, 2)
    out = objective(x=x, noise={"epsilon": noise_value})
    normal = torch.distributions.Normal(0.0, 1.0)
    torch.testing.assert_close(out.terms["log p(z)"], normal.log_prob(3 * noise_value + x).sum(-1).mean())
    log_q = normal.log_prob(noise_value).sum(-1) - 2 * math.log(3.0)
    torch.testing.assert_close(out.terms["log q(z|x)"], log_q.mean())


class Shift(nn.Module):
    """z = 3 u + x."""

    def forward(self, u: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        return 3 * u + x, torch.full(u.shape[:-1], u.shape[-1] * math.log(3.0), dtype=u.dtype)

    def inverse(self, z: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        return (z - x) / 3, torch.full(z.shape[:-1], -z.shape[-1] * math.log(3.0), dtype=z.dtype)
