"""Score matching of noisy data, its objective and its default networks from the formula alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

import formula2dgm as f2d

SIGMA = 0.3
DENOISING = {
    "written out": r"\min E_{\tilde x \sim N(x, \sigma^2 I)}[\|s_\theta(\tilde x) - \frac{x - \tilde x}{\sigma^2}\|^2]",
    "as a gradient": "\n".join(
        [
            r"\min E_{q_\sigma(\tilde x|x)}[\|s_\theta(\tilde x) - \nabla_{\tilde x}\log q_\sigma(\tilde x|x)\|^2]",
            r"q_\sigma(\tilde x|x) = N(\tilde x; x, \sigma^2 I)",
        ]
    ),
}
SLICED = "\n".join(
    [
        r"\min E_{p(v)} E_{p_{data}(x)}[v^\top \nabla_x (v^\top s_\theta(x)) + \frac12 (v^\top s_\theta(x))^2]",
        "p(v) = N(0, I)",
    ]
)


def made(formula: str) -> f2d.Objective:
    torch.manual_seed(0)
    return f2d.compile(formula + f"\n\\sigma = {SIGMA}", scaffold=True, dims={"x": 4}).double()


def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.randn(5, 4, dtype=torch.float64), torch.randn(5, 4, dtype=torch.float64)


@pytest.mark.parametrize("formula", DENOISING.values(), ids=DENOISING)
def test_denoising(formula: str) -> None:
    """x is data, the noisy copy has its size, and so has the score."""
    objective, (x, eps) = made(formula), data()
    assert [each.name for each in objective.inputs] == ["x"]
    noisy = x + SIGMA * eps
    expected = (objective.s_theta(noisy) + eps / SIGMA).square().sum(-1).mean()
    found = objective(x=x, noise={"x_tilde": eps}).loss
    assert_close(found, expected, rtol=1e-10, atol=0)
    for ours, theirs in zip(
        torch.autograd.grad(found, list(objective.s_theta.parameters())),
        torch.autograd.grad(expected, list(objective.s_theta.parameters())),
        strict=True,
    ):
        assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_sliced() -> None:
    """v^T J v by the whole Jacobian of each example."""
    objective, (x, v) = made(SLICED), data()
    found = objective(x=x, noise={"v": v}).loss
    rows = []
    for one, direction in zip(x, v, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda point: objective.s_theta(point[None])[0], one)
        score = objective.s_theta(one[None])[0]
        rows.append(direction @ jacobian @ direction + 0.5 * (direction @ score) ** 2)
    assert_close(found, torch.stack(rows).mean(), rtol=1e-10, atol=0)
