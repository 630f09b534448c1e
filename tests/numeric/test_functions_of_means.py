"""A function of what holds an expectation, the logistic function of a relativistic critic, is no weight."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees
from tests.support.small import Model, assumed

X, Y = torch.randn(4, 2, dtype=torch.float64), torch.randn(4, 2, dtype=torch.float64)


@pytest.mark.parametrize(
    "formula",
    [
        r"\max \mathbb{E}_{x \sim p_{data}}[\log \sigma(C(x) - \mathbb{E}_{y \sim p_{data}(y)}[C(y)])]",
        r"\max \mathbb{E}_x[\log \sigma(C(x) - \mathbb{E}_y[C(y)])]",
        "max E_x[log sigma(C(x) - E_y[C(y)])]",
        "max 𝔼_x[log σ(C(x) − 𝔼_y[C(y)])]",
    ],
)
def test_a_relativistic_critic(formula: str) -> None:
    critic = nn.Linear(2, 1)
    objective = assert_agrees(formula, {"C": critic}, {"x": X, "y": Y})
    by_hand = nn.functional.logsigmoid(critic(X).squeeze(1) - critic(Y).mean()).mean()
    value = objective(x=X, y=Y).value
    assert_close(value, by_hand)
    assert_close(torch.autograd.grad(value, critic.weight), torch.autograd.grad(by_hand, critic.weight))


def test_a_network_of_a_mean() -> None:
    critic, f, g = nn.Linear(2, 3), nn.Linear(3, 2), nn.Linear(3, 2)
    text = r"\min \|f(\mathbb{E}_x[C(x)]) - g(\mathbb{E}_y[C(y)])\|^2; x \sim p_{data}; y \sim p_{data}"
    objective = assert_agrees(text, {"C": critic, "f": f, "g": g}, {"x": X, "y": Y})
    by_hand = (f(critic(X).mean(0)) - g(critic(Y).mean(0))).square().sum()
    assert_close(objective(x=X, y=Y).value, by_hand)


def test_a_default_network_of_a_mean() -> None:
    objective = f2d.compile(r"\min \|f(\mathbb{E}_x[x]) - y\|^2; x \sim p_{data}", scaffold=True, dims={"x": 2, "y": 3})
    by_hand = (objective.f(X.mean(0, keepdim=True)) - Y[:, :1].expand(4, 3)).square().sum(1).mean()
    assert_close(objective(x=X, y=Y[:, :1].expand(4, 3)).value, by_hand)


def test_a_default_network_that_gives_a_number() -> None:
    objective = f2d.compile(r"\min f(\mathbb{E}_x[x])^2; x \sim p_{data}", scaffold=True, dims={"x": 2})
    assert_close(objective(x=X).value, objective.f(X.mean(0, keepdim=True)).squeeze() ** 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r"\max m_t (E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)])", "m_t is 1.0"),
        (r"\max D (E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]) + 1/D", "D is 1.0"),
        (r"\max \sigma_t (E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)])", "sigma_t is 1.0"),
        (r"\max a (E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)])", "a is 1.0"),
    ],
)
def test_a_weight_of_terms(text: str, said: str) -> None:
    assert said in assumed(text, Model().bindings, scaffold=True, dims={"x": 2, "z": 2})
