"""Posteriors of values that are made of noise, z = mu(x) + sigma(x) epsilon: the bound and its gradients by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from tests.numeric.test_written_densities import linear, tensor

X = tensor(6, 3, seed=1)
KL = r"KL[q(z|x) \| p(z)]"
MOVED = [
    [rf"E_{{\epsilon \sim N(0, I)}}[\log p(x|z)] - {KL}", r"z = \mu(x) + \sigma(x) \odot \epsilon"],
    [rf"E_{{\epsilon \sim N(0, I)}}[\log p(x|z=\mu(x) + \sigma(x) \odot \epsilon)] - {KL}"],
    [rf"\log p(x|z) - {KL}", r"z = \mu(x) + \epsilon \odot \sigma(x)", r"\epsilon \sim \mathcal{N}(0, 1)"],
    ["E_{ε ~ N(0, I)}[log p(x|z)] - KL[q(z|x) || p(z)]", "z = μ(x) + σ(x) ⊙ ε"],
    [
        rf"E_{{\epsilon \sim N(0, I)}}[\log p(x|z)] - {KL}",
        r"z = \mu(x) + \sigma(x) \odot \epsilon",
        r"q(z|x) = N(z; \mu(x), \sigma(x)^2)",
    ],
]


class Width(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x).exp()


@pytest.mark.parametrize("text", MOVED)
def test_the_posterior_is_the_law_of_the_value(text: list[str]) -> None:
    """It was a network of its own, which the divergence drew to the prior and nothing else read."""
    mean, width, decoder = linear(3, 2), Width(), nn.Linear(2, 3, dtype=torch.float64)
    bound = {
        r"\mu": mean,
        r"\sigma": width,
        "p(x|z)": f2d.Normal(loc=decoder, scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
    }
    objective = f2d.compile(text, bound, scaffold=True, dims={"x": 3, "z": 2})
    noise = objective.example_noise(x=X)
    (epsilon,) = noise.values()
    loc, scale = mean(X), width(X)
    scored = torch.distributions.Normal(decoder(loc + scale * epsilon), 1.0).log_prob(X).sum(1)
    divergence = (0.5 * (loc**2 + scale**2 - 1) - scale.log()).sum(1)
    expected = (divergence - scored).mean()
    loss = objective(x=X, noise=noise).loss
    torch.testing.assert_close(loss, expected)
    loss.backward()
    weights = (mean.weight, width.inner.weight, decoder.weight)
    for weight, gradient in zip(weights, torch.autograd.grad(expected, weights), strict=True):
        torch.testing.assert_close(weight.grad, gradient)


@pytest.mark.parametrize("text", MOVED)
def test_defaults_are_one_posterior(text: list[str]) -> None:
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    assert {name.split(".")[0] for name, _ in objective.named_parameters()} == {"q_z_given_x", "p_x_given_z"}


@pytest.mark.parametrize(
    "text",
    [
        [rf"E_{{q(z|x)}}[\log p(x|z)] - {KL}", r"y = \mu(x) + \sigma(x) \odot \epsilon", r"\epsilon \sim N(0, I)"],
        [rf"E_{{\epsilon \sim N(0, I)}}[\log p(x|y)] - {KL}", r"y = \mu(x) + \sigma(x) \odot \epsilon"],
        [rf"E_{{\epsilon \sim N(0, I)}}[\log p(x|z)] - {KL}", r"z = \mu(y) + \sigma(y) \odot \epsilon"],
        [rf"E_{{\epsilon \sim U(0, 1)}}[\log p(x|z)] - {KL}", r"z = \mu(x) + \sigma(x) \odot \epsilon"],
        [rf"E_{{\epsilon \sim N(0, I)}}[\log p(x|z)] - {KL}", r"z = \mu(x) + f(\epsilon) \odot \epsilon"],
    ],
    ids=["drawn", "another variable", "of other values", "another noise", "no scale"],
)
def test_another_value_says_nothing_of_the_posterior(text: list[str]) -> None:
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2, "y": 2, "epsilon": 2})
    assert not any("the law of what stands for" in str(each) for each in objective.assumptions)
