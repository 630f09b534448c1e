"""Draws of statements beside sums over the examples: one for all of them, or each example's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal

import formula2dgm as f2d
from tests.numeric.test_families import assert_same
from tests.numeric.test_written_densities import tensor

X, Y = tensor(4, 2, seed=1), tensor(4, seed=2)
N, K = 100, 3
SPACES = r"N = 100; K = 3; x_i \in \mathbb{R}^2; y_i \in \mathbb{R}; w \in \mathbb{R}^2"
FREE = r"\log q_\theta(w) - \log p(w) - \sum_{i=1}^N \log p(y_i|x_i, w)"
COUNTED = r"\frac1K \sum_{k=1}^K [\log q_\theta(w_k) - \log p(w_k) - \sum_{i=1}^N \log p(y_i|x_i, w_k)]"
ONLY_INSIDE = r"\frac1K \sum_{k=1}^K [-\sum_{i=1}^N \log p(y_i|x_i, w_k)]"


class Product(nn.Module):
    """The mean of y: w^T x."""

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        return (x * w).sum(-1)


def bindings() -> dict[str, object]:
    torch.manual_seed(0)
    loc = nn.Parameter(torch.randn(2))
    return {
        r"q_\theta(w)": f2d.Normal(loc=loc, scale=0.5),
        "p(w)": f2d.Normal(loc=0.0, scale=1.0),
        "p(y|x,w)": f2d.Normal(loc=Product(), scale=0.1),
    }


def expected(draws: Tensor, loc: Tensor, scored: bool) -> Tensor:
    """For each draw: the two densities of w once, and N times the mean of the likelihoods."""
    total = torch.zeros(())
    for noise in draws:
        w = loc + 0.5 * noise
        fit = N * Normal(X @ w, 0.1).log_prob(Y).mean()
        rate = Normal(loc, 0.5).log_prob(w).sum() - Normal(0.0, 1.0).log_prob(w).sum()
        total = total + (rate if scored else 0.0) - fit
    return total / len(draws)


@pytest.mark.parametrize(
    ("objective", "statement", "scored"),
    [
        (COUNTED, r"w_{1:K} \sim q_\theta(w)", True),
        (COUNTED, r"w_k \sim q_\theta(w)", True),
        (ONLY_INSIDE, r"w_{1:K} \sim q_\theta(w)", False),
        (FREE, r"w \sim q_\theta(w)", True),
    ],
)
def test_what_is_read_outside_of_the_sum_is_one_draw(objective: str, statement: str, scored: bool) -> None:
    bound = bindings()
    text = [rf"\min_\theta {objective}", rf"{statement}; {SPACES}"]
    assert_same(text, bound, {"x": X, "y": Y})
    made = f2d.compile(text, bound)
    noise = made.example_noise(x=X, y=Y)
    assert noise["w"].shape == ((K, 2) if "_k" in objective else (2,))
    (loc,) = made.parameters()
    loss = made(x=X, y=Y, noise=noise).loss
    hand = expected(noise["w"].reshape(-1, 2), loc, scored)
    torch.testing.assert_close(loss, hand)
    torch.testing.assert_close(torch.autograd.grad(loss, loc), torch.autograd.grad(hand, loc))


def test_what_is_read_inside_alone_is_each_examples_own() -> None:
    """Noise that is added to each example."""
    text = [r"\min \frac1N \sum_{i=1}^N \|f(x_i + \epsilon) - x_i\|^2", r"\epsilon \sim N(0, I); x_i \in \mathbb{R}^2"]
    made = f2d.compile(text, {"f": nn.Linear(2, 2)})
    assert made.example_noise(x=X)["epsilon"].shape == (4, 2)


def test_an_approximation_that_a_statement_draws_is_learned() -> None:
    made = f2d.compile([rf"\min_\theta {FREE}", rf"w \sim q_\theta(w); {SPACES}"], scaffold=True)
    assert any("q_theta(w) is a Normal with a learned mean" in str(each) for each in made.assumptions)
