r"""Densities that follow from one step of a process, q(x_t|x_{t-1}) = N(x_t; a_t x_{t-1}, b_t I)."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees

T, N, D = 5, 4, 2
BETA = torch.linspace(0.1, 0.5, T, dtype=torch.float64)
ALPHA_BAR = torch.cumprod(1 - BETA, 0)
BEFORE = torch.cat([torch.ones(1, dtype=torch.float64), ALPHA_BAR[:-1]])

STEP = r"q(x_t|x_{t-1}) = \mathcal{N}(x_t; \sqrt{1-\beta_t} x_{t-1}, \beta_t I)"
BACK = r"p_\theta(x_{t-1}|x_t) = \mathcal{N}(x_{t-1}; \mu_\theta(x_t, t), \beta_t I)"
DRAWS = r"t \sim \mathcal{U}\{2,T\}; x_0 \sim p_{data}"
DATA = r"x_0 \sim p_{data}"


class Mean(nn.Module):
    """A network of x and of the number of the step."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(D + 1, D)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return torch.tanh(self.layer(torch.cat([x, t[:, None].to(x.dtype)], 1)))


def network() -> Mean:
    torch.manual_seed(0)
    return Mean().double()


def data() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(N, D, dtype=torch.float64)


def noised(x: Tensor, t: int, eps: Tensor) -> Tensor:
    """Equation 4 of Ho et al. 2020."""
    return ALPHA_BAR[t - 1].sqrt() * x + (1 - ALPHA_BAR[t - 1]).sqrt() * eps


def posterior(x_0: Tensor, x_t: Tensor, t: int) -> Normal:
    """Equations 6 and 7 of Ho et al. 2020."""
    a, before, beta = ALPHA_BAR[t - 1], BEFORE[t - 1], BETA[t - 1]
    mean = before.sqrt() * beta / (1 - a) * x_0 + (1 - beta).sqrt() * (1 - before) / (1 - a) * x_t
    return Normal(mean, ((1 - before) / (1 - a) * beta).sqrt())


def back(net: nn.Module, x_t: Tensor, t: int) -> Normal:
    return Normal(net(x_t, torch.full((len(x_t),), float(t))), BETA[t - 1].sqrt())


def compiled(text: list[str], net: nn.Module | None, **options: Any) -> Any:
    bound = {r"\beta_t": BETA} | ({} if net is None else {r"\mu_\theta": net})
    return f2d.compile(text, bound, **options)


def test_several_steps_at_once() -> None:
    net, x, eps = network(), data(), torch.randn(N, D, dtype=torch.float64)
    text = [r"\min_\theta E_{t, x_0} E_{q(x_t|x_0)} \|x_0 - \mu_\theta(x_t, t)\|^2", STEP, DRAWS]
    steps = torch.tensor([1.0, 2, 4, 5], dtype=torch.float64)
    found = compiled(text, net)(x_0=x, noise={"t": steps, "x_t": eps}).loss
    each = [noised(x[i], int(t), eps[i]) for i, t in enumerate(steps)]
    assert_close(found, (x - net(torch.stack(each), steps)).square().sum(1).mean())


def test_the_step_before_given_the_data_is_the_published_posterior() -> None:
    net, x, eps = network(), data(), torch.randn(N, D, dtype=torch.float64)
    text = [
        r"\min_\theta E_{t, x_0} E_{q(x_t|x_0)} KL[q(x_{t-1}|x_t,x_0) || p_\theta(x_{t-1}|x_t)]",
        STEP,
        BACK,
        DRAWS,
    ]
    for t in range(2, T + 1):
        steps = torch.full((N,), float(t), dtype=torch.float64)
        found = compiled(text, net)(x_0=x, noise={"t": steps, "x_t": eps}).loss
        x_t = noised(x, t, eps)
        assert_close(found, kl_divergence(posterior(x, x_t, t), back(net, x_t, t)).sum(1).mean())


def bound_of_paper(net: nn.Module, x: Tensor, path: list[Tensor]) -> Tensor:
    """Equation 5 of Ho et al. 2020, its divergences one by one; ``path`` are x_1, ..., x_T."""
    last = kl_divergence(Normal(ALPHA_BAR[-1].sqrt() * x, (1 - ALPHA_BAR[-1]).sqrt()), Normal(0.0, 1.0)).sum(1)
    between = [kl_divergence(posterior(x, path[t - 1], t), back(net, path[t - 1], t)).sum(1) for t in range(2, T + 1)]
    first = -back(net, path[0], 1).log_prob(x).sum(1)
    return (last + sum(between) + first).mean()


FULL = r"KL[q(x_T|x_0)||p(x_T)] + \sum_{t=2}^T KL[q(x_{t-1}|x_t,x_0) || p_\theta(x_{t-1}|x_t)] - \log p_\theta(x_0|x_1)"


def test_the_variational_bound_is_the_sum_of_its_divergences() -> None:
    net, x, eps = network(), data(), torch.randn(N, T, D, dtype=torch.float64)
    text = [rf"\min_\theta E_{{q(x_{{1:T}}|x_0)}}[{FULL}]", STEP, BACK, r"p(x_T) = \mathcal{N}(x_T; 0, I)", DATA]
    found = compiled(text, net)(x_0=x, noise={"x": eps}).loss
    path = [x]
    for t in range(T):
        path.append((1 - BETA[t]).sqrt() * path[-1] + BETA[t].sqrt() * eps[:, t])
    expected = bound_of_paper(net, x, path[1:])
    assert_close(found, expected)
    ours = torch.autograd.grad(found, list(net.parameters()))
    assert_close(ours, torch.autograd.grad(expected, list(net.parameters())))


def test_a_sum_of_divergences_under_draws_of_their_own() -> None:
    net, x, eps = network(), data(), torch.randn(N, T, D, dtype=torch.float64)
    text = [
        r"\min_\theta E_{x_0}[\sum_{t=2}^T E_{q(x_t|x_0)} KL[q(x_{t-1}|x_t,x_0) || p_\theta(x_{t-1}|x_t)]]",
        STEP,
        BACK,
        DATA,
    ]
    found = compiled(text, net)(x_0=x, noise={"x": eps}).loss
    each = []
    for t in range(2, T + 1):
        x_t = noised(x, t, eps[:, t - 1])
        each.append(kl_divergence(posterior(x, x_t, t), back(net, x_t, t)).sum(1).mean())
    assert_close(found, sum(each))


def test_the_score_of_several_steps() -> None:
    """grad log q(x_t|x_0) is -eps / sqrt(1 - alpha_bar_t)."""
    net, x, eps = network(), data(), torch.randn(N, D, dtype=torch.float64)
    text = [
        r"\min_\theta E_{t, x_0} E_{q(x_t|x_0)} \|\mu_\theta(x_t, t) - \nabla_{x_t} \log q(x_t|x_0)\|^2",
        STEP,
        DRAWS,
    ]
    steps = torch.tensor([2.0, 3, 4, 5], dtype=torch.float64)
    found = compiled(text, net)(x_0=x, noise={"t": steps, "x_t": eps}).loss
    a = ALPHA_BAR[steps.long() - 1][:, None]
    x_t = a.sqrt() * x + (1 - a).sqrt() * eps
    assert_close(found, (net(x_t, steps) + eps / (1 - a).sqrt()).square().sum(1).mean())


@pytest.mark.parametrize("given", [r"f_\theta(x_t, t)", r"\hat x_0"])
def test_the_model_is_the_posterior_at_a_prediction_of_the_data(given: str) -> None:
    """p(x_{t-1}|x_t) = q(x_{t-1}|x_t, f(x_t, t)), equation 10 of Song et al. 2021."""
    net, x = network(), data()
    kl = r"KL[q(x_{t-1}|x_t,x_0) \| p_\theta(x_{t-1}|x_t)]"
    text = [rf"\min_\theta E_{{t, x_0}} E_{{q(x_t|x_0)}}[{kl}]", STEP, DRAWS]
    text += [rf"p_\theta(x_{{t-1}}|x_t) = q(x_{{t-1}}|x_t, {given})"]
    text += [r"\hat x_0 = f_\theta(x_t, t)"] if "hat" in given else []
    objective = f2d.compile(text, {r"f_\theta": net, r"\beta_t": BETA}, dims={"x_0": D})
    torch.manual_seed(3)
    eps, t = torch.randn(N, D, dtype=torch.float64), torch.tensor([2, 3, 5, 4])
    expected = torch.zeros((), dtype=torch.float64)
    for row in range(N):
        at = int(t[row])
        x_t = noised(x[row], at, eps[row])
        ours, theirs = posterior(x[row], x_t, at), posterior(net(x_t[None], t[row : row + 1])[0], x_t, at)
        expected = expected + kl_divergence(ours, theirs).sum() / N
    found = objective(x_0=x, noise={"t": t, "x_t": eps}).loss
    assert_close(found, expected)
    weights = list(net.parameters())
    assert_close(torch.autograd.grad(found, weights), torch.autograd.grad(expected, weights))
    assert any("stands for" in each for each in objective.assumptions)


def test_the_likelihood_of_a_drawn_step_with_one_variance_for_all_entries() -> None:
    text = [
        r"\max_\theta E_{t, x_0} E_{q(x_t|x_0)} E_{q(x_{t-1}|x_t,x_0)}[\log p_\theta(x_{t-1}|x_t)]",
        STEP,
        BACK.replace(r"\mu", "f"),
        DRAWS,
    ]
    net, x, t = network(), data(), torch.tensor([2, 3, 5, 4])
    objective = f2d.compile(text, {r"f_\theta": net, r"\beta_t": BETA}, dims={"x_0": D})
    torch.manual_seed(4)
    eps, back = (torch.randn(N, D, dtype=torch.float64) for _ in range(2))
    expected = torch.zeros((), dtype=torch.float64)
    for row in range(N):
        at = int(t[row])
        x_t = noised(x[row], at, eps[row])
        law = posterior(x[row], x_t, at)
        before = law.mean + law.stddev * back[row]
        mean = net(x_t[None], t[row : row + 1])[0]
        expected = expected - Normal(mean, BETA[at - 1].sqrt()).log_prob(before).sum() / N
    found = objective(x_0=x, noise={"t": t, "x_t": eps, "x_t_minus_1": back}).loss
    assert_close(found, expected)


def test_a_process_that_is_no_diffusion() -> None:
    """q(x_t|x_{t-1}) = N(c_t x_{t-1} / 2, s_t^2 I): moments of q(x_t|x_0) by going through the steps."""
    c, s = torch.tensor([0.5, 2.0, -1.5], dtype=torch.float64), torch.tensor([0.3, 0.1, 0.7], dtype=torch.float64)
    text = [
        r"\min E_{x_0}[\sum_{t=1}^T t E_{q(x_t|x_0)} \|x_t\|^2]",
        r"q(x_t|x_{t-1}) = N(x_t; \frac{c_t x_{t-1}}{2}, s_t^2 I)",
        DATA,
    ]
    x, eps = data(), torch.randn(N, 3, D, dtype=torch.float64)
    found = f2d.compile(text, {"c_t": c, "s_t": s})(x_0=x, noise={"x": eps}).loss
    mean, variance, total = x, 0.0, torch.zeros((), dtype=torch.float64)
    for t in range(3):
        mean, variance = c[t] / 2 * mean, (c[t] / 2) ** 2 * variance + s[t] ** 2
        total = total + (t + 1) * (mean + math.sqrt(variance) * eps[:, t]).square().sum(1).mean()
    assert_close(found, total)


@pytest.mark.parametrize(
    "text",
    [
        [r"\min_\theta E_{t, x_0} E_{q(x_t|x_0)} \|x_0 - \mu_\theta(x_t, t)\|^2", STEP, DRAWS],
        [rf"\min_\theta E_{{q(x_{{1:T}}|x_0)}}[{FULL}]", STEP, BACK, r"p(x_T) = \mathcal{N}(x_T; 0, I)", DATA],
        [r"\min_\theta E_{t, x_0} E_{q(x_t|x_0)} KL[q(x_{t-1}|x_t,x_0) || p_\theta(x_{t-1}|x_t)]", STEP, BACK, DRAWS],
        [
            r"\min_\theta E_{x_0}[\sum_{t=2}^T E_{q(x_t|x_0)} KL[q(x_{t-1}|x_t,x_0) || p_\theta(x_{t-1}|x_t)]]",
            STEP,
            BACK,
            DATA,
        ],
    ],
)
def test_generated_code_is_the_reference(text: list[str]) -> None:
    assert_agrees(text, {r"\beta_t": BETA, r"\mu_\theta": network()}, {"x_0": data()})


def test_what_the_text_says_of_several_steps_is_meant() -> None:
    """Where q(x_t|x_0) is declared as well, it is that one."""
    said = r"q(x_t|x_0) = \mathcal{N}(x_t; 0.5 x_0, 0.25 I)"
    text = [r"\min E_{t, x_0} E_{q(x_t|x_0)} \|x_t\|^2", STEP, said, DRAWS]
    x, eps = data(), torch.randn(N, D, dtype=torch.float64)
    found = compiled(text, None)(x_0=x, noise={"x_t": eps}).loss
    assert_close(found, (0.5 * x + 0.5 * eps).square().sum(1).mean())


def test_a_step_that_is_not_linear_is_refused() -> None:
    text = [
        r"\min E_{t, x_0} E_{q(x_t|x_0)} \|x_t\|^2",
        r"q(x_t|x_{t-1}) = \mathcal{N}(x_t; \tanh(x_{t-1}), \beta_t I)",
        DRAWS,
    ]
    with pytest.raises(f2d.FormulaError, match="F2D-0457"):
        compiled(text, None)
