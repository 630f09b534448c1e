"""Scores of densities that nothing describes, and widths below the letter of a density."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d


@pytest.mark.parametrize(
    "binder", [r"q_\sigma(x)", r"x \sim q_\sigma(x)", r"x \sim q_\sigma"], ids=["density", "draw", "letter"]
)
@pytest.mark.parametrize("score", [r"\nabla_x \log q_\sigma(x)", r"\nabla \log q_\sigma(x)"])
def test_a_default_is_no_target(binder: str, score: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0497"):
        f2d.compile(rf"\min E_{{{binder}}}[\|s_\theta(x) - {score}\|^2]", scaffold=True, dims={"x": 2})


@pytest.mark.parametrize(
    "text",
    [
        [r"\min E_{q(x)}[\|s(x) - \nabla_x \log q(x)\|^2]", "q(x) = N(x; 0, 4 I)"],
        [r"\max E_{q(z|x)}[\log p(x|z)] - E_{p(z)}[\|s(z) - \nabla_z \log p(z)\|^2]", "p(z) = N(z; 0, I)"],
    ],
)
def test_a_density_that_is_said_may_be_scored(text: list[str]) -> None:
    f2d.compile(text, scaffold=True, dims={"x": 2, "z": 2})


class Score(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return -0.5 * x


def test_a_width_below_the_letter_of_a_declared_density() -> None:
    r"""Vincent 2011: the score of the noise is (x - \tilde x) / \sigma^2."""
    text = [
        r"\min \frac12 E_{q_\sigma(\tilde x|x) p_{data}(x)}"
        r"[\|s_\theta(\tilde x) - \nabla_{\tilde x} \log q_\sigma(\tilde x|x)\|^2]",
        r"q_\sigma(\tilde x|x) = N(\tilde x|x, \sigma^2 I)",
    ]
    x, e = torch.randn(5, 2), torch.randn(5, 2)
    objective = f2d.compile(text, {r"s_\theta": Score(), r"\sigma": 0.3}, scaffold=True)
    noised = x + 0.3 * e
    expected = 0.5 * (-0.5 * noised - (x - noised) / 0.09).square().sum(-1).mean()
    assert_close(objective(x=x, noise={"x_tilde": e}).loss, expected)


def test_a_group_below_the_letter_stays_a_group() -> None:
    text = [
        r"q_\sigma(z|x) = N(z; f_\sigma(x), g_\sigma(x)^2 I)",
        r"\max E_{q_\sigma(z|x)}[\log p(x|z)] - KL(q_\sigma(z|x) \| p(z))",
    ]
    objective = f2d.compile(text, scaffold=True, dims={"x": 2, "z": 2})
    assert "q_sigma_z_given_x" in dict(objective.named_children())


def test_what_a_network_is_to_become_defines_nothing() -> None:
    text = [
        r"\min \frac1L \sum_{i=1}^L E_{p_{data}(x)} E_{u \sim N(x, \sigma_i^2 I)} \|s_\theta(u, \sigma_i) + u - x\|^2",
        r"s_\theta(x, \sigma_i) = f_i(x); L = 3",
    ]
    objective = f2d.compile(text, scaffold=True, dims={"x": 2})
    assert [name for name, _ in objective.named_children()] == ["s_theta"]


def test_a_function_at_an_index_of_its_own_is_unfolded() -> None:
    text = [r"\min E_{p_{data}(x)} \|h(x)\|^2", r"h(x) = f_\theta(x) - x"]
    assert [name for name, _ in f2d.compile(text, scaffold=True, dims={"x": 2}).named_children()] == ["f_theta"]
