"""The density of the data, where something scores it; densities of data with parameters."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.default_agreement import assert_defaults_agree
from tests.support.small import assumed, codes

SIZES = {"x": 2}


@pytest.mark.parametrize(
    "formula",
    [
        r"\min KL[p_{data}(x) \| p_\theta(x)]",
        r"\min E_{x \sim p_{data}}[\log p_{data}(x) - \log p_\theta(x)]",
        r"\min E_{x \sim p_{data}}[\log p_{data}(x) - \log p_\theta(x)]; x \in \mathbb{R}^2",
        r"\min E[\log p_{data}(x) - \log p_\theta(x)]; x \sim p_{data}",
        r"\min E_{p_{data}(x)}[\log \frac{p_{data}(x)}{p_\theta(x)}]",
        r"\min -E_{p_{data}(x)}[\log \frac{p_\theta(x)}{p_{data}(x)}]",
    ],
)
def test_the_entropy_of_the_data_is_left_out(formula: str) -> None:
    x, law = torch.randn(6, 2), torch.distributions.Normal(0.5, 2.0)
    bindings = {r"p_\theta(x)": f2d.Normal(loc=0.5, scale=2.0, event_shape=2)}
    objective = f2d.compile(formula, bindings)
    assert_close(objective(x=x).value, -law.log_prob(x).sum(1).mean())
    assert_defaults_agree(formula, SIZES)


def test_a_bound_density_of_the_data_is_scored() -> None:
    x = torch.randn(6, 2)
    laws = {"p_data(x)": f2d.Normal(loc=0.0, scale=1.0), r"p_\theta(x)": f2d.Normal(loc=0.5, scale=2.0)}
    objective = f2d.compile(r"\min E_{p_{data}(x)}[\log p_{data}(x) - \log p_\theta(x)]", laws, dims=SIZES)
    first, second = torch.distributions.Normal(0.0, 1.0), torch.distributions.Normal(0.5, 2.0)
    assert_close(objective(x=x).value, (first.log_prob(x) - second.log_prob(x)).sum(1).mean())


@pytest.mark.parametrize(
    "formula",
    [
        r"\min KL[p_\theta(x) \| p_{data}(x)]",
        r"\min E_{p_\theta(x)}[\log p_\theta(x) - \log p_{data}(x)]",
        r"\min E_{p(z)}[-\log p_{data}(G(z))]",
        r"\max E_{p_{data}(x)}[\log \frac{p_{data}(x)}{p_{data}(x) + p_\theta(x)}]",
    ],
)
def test_elsewhere_it_has_no_default(formula: str) -> None:
    assert "F2D-0520" in codes(formula, {}, scaffold=True, dims=SIZES)


def test_a_density_of_data_with_parameters_is_learned() -> None:
    text = r"\max E_{p_{data}(x)}[\log p_\theta(x)]"
    objective = f2d.compile(text, scaffold=True, dims=SIZES)
    optimizer = torch.optim.Adam(objective.parameters(), lr=0.05)
    x = 3.0 + 0.5 * torch.randn(256, 2)
    for _ in range(400):
        optimizer.zero_grad()
        objective(x=x).loss.backward()
        optimizer.step()
    assert_close(objective.p_theta_x_loc.detach(), x.mean(0), atol=0.02, rtol=0)
    assert_close(objective.p_theta_x_log_scale.detach().exp(), x.std(0), atol=0.02, rtol=0)
    assert codes(text, {}, scaffold=True) == ["F2D-0609"]


def test_a_prior_is_the_standard_normal_still() -> None:
    text = r"\max E_{q_\phi(z|x)}[\log p_\theta(x|z)] - KL[q_\phi(z|x) \| p_\theta(z)]"
    assert "p_theta(z) is the standard Normal" in assumed(text, {}, scaffold=True, dims=SIZES)
    assert "is learned" not in assumed(text, {}, scaffold=True, dims=SIZES)


def test_a_network_is_no_density() -> None:
    net, x = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()), torch.randn(6, 2)
    objective = f2d.compile(r"\max E_{p_{data}(x)}[\log D_{real}(x)]", {"D_{real}": net})
    assert_close(objective(x=x).value, net(x).log().mean())
