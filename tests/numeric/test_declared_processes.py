r"""Noise processes that a text declares without their schedules, against the bound of Ho et al. 2020 by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

N, D, T = 3, 2, 5
PROCESS = r"q(x_{1:T}|x_0) = \prod_{t=1}^T q(x_t|x_{t-1}) = \prod N(x_t; \sqrt{1-\beta_t} x_{t-1}, \beta_t I)"
BACK = r"p_\theta(x_{t-1}|x_t) = N(x_{t-1}; m_\theta(x_t, t), S_\theta(x_t, t))"
BAYES = (
    r"q(x_{t-1}|x_t, x_0) \propto q(x_t|x_{t-1}, x_0) q(x_{t-1}|x_0)"
    r" = N(x_t; \sqrt{1-\beta_t} x_{t-1}, \beta_t I) N(x_{t-1}; \sqrt{\bar\alpha_{t-1}} x_0, (1-\bar\alpha_{t-1}) I)"
)
BOUND = (
    r"\max E_{q(x_1|x_0)}[\log p_\theta(x_0|x_1)]"
    r" - \sum_{t=2}^T E_{q(x_t|x_0)}[KL(q(x_{t-1}|x_t,x_0) \| p_\theta(x_{t-1}|x_t))]"
)


class Scaled(nn.Module):
    """A number times x and the step."""

    def __init__(self, positive: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.3, dtype=torch.float64))
        self.positive = positive

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        value = self.weight * x * (1 + t.to(x).reshape(-1, 1) / T)
        return value.square() + 0.5 if self.positive else value


def bound_by_hand(beta: Tensor, mean: nn.Module, variance: nn.Module, x: Tensor, e: Tensor, first: Tensor) -> Tensor:
    alpha_bar = torch.cumprod(1 - beta, 0)
    one = torch.ones(N)
    x_1 = (1 - beta[0]).sqrt() * x + beta[0].sqrt() * first
    law = torch.distributions.Normal(mean(x_1, one), variance(x_1, one).sqrt())
    total = law.log_prob(x).sum(-1)
    for t in range(2, T + 1):
        a, before, b = alpha_bar[t - 1], alpha_bar[t - 2], beta[t - 1]
        x_t = a.sqrt() * x + (1 - a).sqrt() * e[:, t - 1]
        loc = before.sqrt() * b / (1 - a) * x + (1 - b).sqrt() * (1 - before) / (1 - a) * x_t
        posterior = torch.distributions.Normal(loc, ((1 - before) / (1 - a) * b).sqrt())
        back = torch.distributions.Normal(mean(x_t, t * one), variance(x_t, t * one).sqrt())
        total = total - torch.distributions.kl_divergence(posterior, back).sum(-1)
    return total.mean()


@pytest.mark.parametrize("said", [[PROCESS], [PROCESS, BAYES], [BAYES]], ids=["process", "both", "bayes"])
def test_the_bound_of_a_process_without_a_schedule(said: list[str]) -> None:
    """The usual line of variances; Bayes' rule in the text, whose first factor is over x_t, changes nothing."""
    torch.manual_seed(0)
    mean, variance = Scaled(), Scaled(positive=True)
    x, e, first = torch.randn(N, D).double(), torch.randn(N, T, D).double(), torch.randn(N, D).double()
    objective: Any = f2d.compile(
        [*said, BACK, BOUND, f"T = {T}"], {r"m_\theta": mean, r"S_\theta": variance}, scaffold=True, dims={"x_0": D}
    ).double()
    out = objective(x_0=x, noise={"q(x|x_0)": first, "q(x_t|x_0)": e})
    beta = torch.linspace(1e-4, 0.02, T, dtype=torch.float64)
    expected = bound_by_hand(beta, mean, variance, x, e, first)
    assert_close(out.value, expected)
    gradients = torch.autograd.grad(out.value, [mean.weight, variance.weight])
    by_hand = torch.autograd.grad(expected, [mean.weight, variance.weight])
    assert_close(gradients, by_hand)
    assert any("beta_t = 10^{-4}" in str(each) for each in objective.assumptions)


def test_gradients_of_learned_variances_are_numbers() -> None:
    """At t = 1, which the sum leaves out, the posterior has no width: its KL is infinite, and is not trained on."""
    objective: Any = f2d.compile([PROCESS, BACK, BOUND, f"T = {T}"], scaffold=True, dims={"x_0": D})
    objective(x_0=torch.randn(N, D)).loss.backward()
    assert all(bool(each.grad.isfinite().all()) for each in objective.parameters())


def test_the_first_step_back_is_one_of_the_others() -> None:
    """p(x_0|x_1) is p(x_{t-1}|x_t) at t = 1: one default network, which reads the step as waves."""
    objective: Any = f2d.compile([PROCESS, BACK, BOUND, f"T = {T}"], scaffold=True, dims={"x_0": D})
    assert [name for name, _ in objective.named_children()] == ["p_theta_x_given_x"]
    assert "step_features(t" in objective.source


@pytest.mark.parametrize(
    ("step", "letter"),
    [
        (r"N(x_n; \sqrt{\alpha_n} x_{n-1}, (1-\alpha_n) I)", r"alpha_n = 1 - beta_n"),
        (r"N(x_n; \sqrt{1-\beta_n} x_{n-1}, \beta_n I)", "beta_n = 10^{-4}"),
    ],
)
def test_schedules_by_other_letters(step: str, letter: str) -> None:
    text = [
        rf"q(x_n|x_{{n-1}}) = {step}",
        r"p_\theta(x_{n-1}|x_n) = N(x_{n-1}; m_\theta(x_n, n), I)",
        r"\max - \sum_{n=2}^N E_{q(x_n|x_0)}[KL(q(x_{n-1}|x_n,x_0) \| p_\theta(x_{n-1}|x_n))]",
    ]
    assumed = [str(each) for each in f2d.compile(text, scaffold=True, dims={"x_0": D}).assumptions]
    assert any(letter in each for each in assumed) and any("N = 1000" in each for each in assumed)


def test_a_number_for_the_schedule_is_the_same_at_every_step() -> None:
    objective = f2d.compile([PROCESS, BACK, BOUND, f"T = {T}"], {r"\beta": 0.1}, scaffold=True, dims={"x_0": D})
    assert not any("10^{-4}" in str(each) for each in objective.assumptions)


def test_a_weight_of_a_divergence_is_no_schedule() -> None:
    text = r"\max \sum_{t=1}^T E_{q(z_t|x_t)}[\log p(x_t|z_t)] - \beta_t KL(q(z_t|x_t) \| p(z_t))"
    objective = f2d.compile(text, scaffold=True, dims={"x": D})
    assert not any("10^{-4}" in str(each) for each in objective.assumptions)
