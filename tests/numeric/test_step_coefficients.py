r"""Coefficients of steps: what a letter before a bracket, under a power or in the law of a step back stands for.

Expected values are Ho et al. 2020, equations 5 to 8 and 14, written here step by step.
"""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import AtTime

STEPS, N, D = 5, 3, 2
BETA = torch.linspace(1e-4, 0.02, STEPS, dtype=torch.float64)
BAR = torch.cumprod(1 - BETA, 0)
GIVEN = torch.tensor([0.5, 2.0, 0.25, 3.0, 1.5], dtype=torch.float64)
KL = r"KL(q(x_{t-1}|x_t, x_0) \| p_\theta(x_{t-1}|x_t))"
BOUND = rf"L = E_q[-\log p_\theta(x_0|x_1) + \sum_{{t=2}}^T {KL} + KL(q(x_T|x_0) \| p(x_T))]"
WIDTHS = {
    "sigma": r"\sigma_t^2 I",
    "beta": r"\tilde\beta_t I",
    "eta": r"\eta_t I",
    "net": r"\Sigma_\theta(x_t, t)",
    "applied": r"\sigma_t(x_t)^2 I",
}


def back(width: str) -> str:
    return rf"p_\theta(x_{{t-1}}|x_t) = N(x_{{t-1}}; \mu_\theta(x_t, t), {WIDTHS[width]})"


def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randn(N, D, dtype=torch.float64), torch.randn(N, D, dtype=torch.float64)


WEIGHTS = {
    r"\sigma_t^2 (1 - \bar\alpha_t)": (r"\sigma_t", GIVEN**2 * (1 - BAR)),
    r"\tilde\beta_t (1 - \beta_t)": (r"\tilde\beta_t", GIVEN * (1 - BETA)),
    r"\lambda_t (1 - \bar\alpha_t)^2": (r"\lambda_t", GIVEN * (1 - BAR) ** 2),
    r"w_t (1 - \bar\alpha_t)": ("w_t", GIVEN * (1 - BAR)),
    r"\frac{\beta_t^2}{2 \sigma_t^2 (1 - \bar\alpha_t)}": (r"\sigma_t", BETA**2 / (2 * GIVEN**2 * (1 - BAR))),
}


@pytest.mark.parametrize("weight", WEIGHTS)
def test_a_coefficient_before_a_bracket_multiplies_it(weight: str) -> None:
    key, table = WEIGHTS[weight]
    net, (x, noise), t = AtTime(D, STEPS), data(), torch.tensor([1, 3, 4])
    text = rf"\min_\theta E_{{t, x_0, \epsilon}}[{weight} \|\epsilon - \epsilon_\theta(x_t, t)\|^2]; T = 5"
    objective = f2d.compile(text, {r"\epsilon_\theta": net, key: GIVEN}, dims={"x_0": D}, scaffold=True).double()
    loss = objective(x_0=x, noise={"epsilon": noise, "t": t.double()}).loss
    bar = BAR[t - 1][:, None]
    squares = (noise - net(bar.sqrt() * x + (1 - bar).sqrt() * noise, t)).square().sum(1)
    expected = (table[t - 1] * squares).mean()
    assert_close(loss, expected)
    own, other = (torch.autograd.grad(each, list(net.parameters())) for each in (loss, expected))
    assert_close(own, other)


@pytest.mark.parametrize(
    "weight", [r"\sigma_t^2 (1 - \bar\alpha_t)", r"\tilde\beta_t (1 - \beta_t)", r"\lambda_t (1 - \beta_t)"]
)
def test_a_coefficient_that_nothing_says_is_no_network(weight: str) -> None:
    text = rf"\min_\theta E_{{t, x_0, \epsilon}}[{weight} \|\epsilon - \epsilon_\theta(x_t, t)\|^2]"
    assert [each.code for each in f2d.check(text, scaffold=True, dims={"x_0": D})] == ["F2D-0459"]


@pytest.mark.parametrize("weight", [r"\sigma^2(t)", r"\sigma_q^2(t)", r"\sigma(t)^2", r"g^2(t)", r"\lambda^2(t)"])
def test_a_power_stands_between_a_coefficient_and_its_time(weight: str) -> None:
    r"""One number, the same at every t: half of the norm under ``\frac{1}{2\sigma^2(t)}``, not a logistic function."""
    net, (x, noise), t = AtTime(D, STEPS), data(), torch.tensor([1, 3, 4])
    text = (
        rf"\min_\theta E_{{t, x_0, \epsilon}}[\frac{{1}}{{2 {weight}}} \|\epsilon - \epsilon_\theta(x_t, t)\|^2]; T = 5"
    )
    objective = f2d.compile(text, {r"\epsilon_\theta": net}, dims={"x_0": D}, scaffold=True).double()
    bar = BAR[t - 1][:, None]
    squares = (noise - net(bar.sqrt() * x + (1 - bar).sqrt() * noise, t)).square().sum(1)
    assert_close(objective(x_0=x, noise={"epsilon": noise, "t": t.double()}).loss, squares.mean() / 2)
    assert "sigmoid(" not in objective.source


def test_the_logistic_function_stays_what_it_is() -> None:
    for text in (
        r"\min_\theta E_x[\|x - \sigma(f_\theta(x))\|^2]",
        r"\min_\theta E_x[\|x - \sigma^2(f_\theta(x))\|^2]",
    ):
        assert "sigmoid(" in f2d.compile(text, scaffold=True, dims={"x": D}).source


def divergence(net: AtTime, x_0: Tensor, x_t: Tensor, t: int, variance: float) -> Tensor:
    """Of the step back from t, in closed form, of each example."""
    bar, before, beta = BAR[t - 1], BAR[t - 2], BETA[t - 1]
    mean = before.sqrt() * beta / (1 - bar) * x_0 + (1 - beta).sqrt() * (1 - before) / (1 - bar) * x_t
    ratio = (1 - before) / (1 - bar) * beta / variance
    away = (mean - net(x_t, torch.full((N,), t))).square().sum(1)
    return 0.5 * (D * (ratio - 1 - ratio.log()) + away / variance)


@pytest.mark.parametrize("width", ["sigma", "beta"])
def test_widths_of_a_drawn_step_back(width: str) -> None:
    """Section 3.2: the variance of the step, or that of the posterior; t is drawn from 2 on."""
    net, (x, noise), t = AtTime(D, STEPS), data(), torch.tensor([2, 3, 5])
    text = rf"\min_\theta E_{{t, q(x_t|x_0)}}[{KL}]; {back(width)}; T = 5"
    objective = f2d.compile(text, {r"\mu_\theta": net}, dims={"x_0": D}, scaffold=True).double()
    assert "t ~ Uniform{2, T}" in map(str, objective.assumptions)
    loss = objective(x_0=x, noise={"x_t": noise, "t": t.double()}).loss
    bar = BAR[t - 1][:, None]
    x_t = bar.sqrt() * x + (1 - bar).sqrt() * noise
    every = []
    for row, step in enumerate(t.tolist()):
        beta = float(BETA[step - 1])
        variance = beta if width == "sigma" else float((1 - BAR[step - 2]) / (1 - BAR[step - 1])) * beta
        every.append(divergence(net, x, x_t, step, variance)[row])
    expected = torch.stack(every).mean()
    assert_close(loss, expected)
    own, other = (torch.autograd.grad(each, list(net.parameters())) for each in (loss, expected))
    assert_close(own, other)


def test_the_width_of_summed_steps_back() -> None:
    net, (x, _) = AtTime(D, STEPS), data()
    objective = f2d.compile(
        rf"{BOUND}; {back('sigma')}; T = 5", {r"\mu_\theta": net}, dims={"x_0": D}, scaffold=True
    ).double()
    noise = torch.randn(N, STEPS, D, dtype=torch.float64)
    loss = objective(x_0=x, noise={"x": noise}).loss
    path = [x]
    for t in range(STEPS):
        path.append((1 - BETA[t]).sqrt() * path[-1] + BETA[t].sqrt() * noise[:, t])
    between = sum(divergence(net, x, path[t], t, float(BETA[t - 1])) for t in range(2, STEPS + 1))
    away = (x - net(path[1], torch.full((N,), 1))).square().sum(1)
    first = 0.5 * (away / BETA[0] + D * math.log(2 * math.pi * float(BETA[0])))
    last = 0.5 * (BAR[-1] * x.square().sum(1) + D * (-BAR[-1] - (1 - BAR[-1]).log()))
    expected = (first + between + last).mean()
    assert_close(loss, expected)
    own, other = (torch.autograd.grad(each, list(net.parameters())) for each in (loss, expected))
    assert_close(own, other)


def test_a_learned_width_of_summed_steps_has_finite_gradients() -> None:
    """The first step, at which the posterior has no width, takes no part in the sum from 2."""
    objective = f2d.compile(rf"{BOUND}; {back('net')}; T = 5", scaffold=True, dims={"x_0": D})
    optimiser = torch.optim.Adam(objective.parameters(), 1e-2)
    for _ in range(5):
        optimiser.zero_grad()
        loss = objective(x_0=data()[0].float()).loss
        loss.backward()
        assert loss.isfinite() and all(each.grad.isfinite().all() for each in objective.parameters())
        optimiser.step()


def test_a_width_that_is_said_holds() -> None:
    for said in (r"\sigma_t^2 = \beta_t / 2", r"\sigma_t = 0.1"):
        text = rf"{BOUND}; {back('sigma')}; {said}; T = 5"
        made = f2d.compile(text, scaffold=True, dims={"x_0": D})
        assert "sigma_t = sqrt(beta_t)" not in map(str, made.assumptions)


REFUSED = {
    "a step that can be 1": (rf"E_{{t \sim U\{{1, T\}}}}[{KL}]", "F2D-0594"),
    "a sum from 1": (rf"\sum_{{t=1}}^T {KL}", "F2D-0594"),
    "a log-ratio": (
        r"E_q[\sum_{t \ge 1} \log \frac{q(x_{t-1}|x_t, x_0)}{p_\theta(x_{t-1}|x_t)}]",
        "F2D-0594",
    ),
    "a declared process": (
        rf"\min_\theta \sum_{{t=1}}^T E_{{q(x_t|x_0)}}[{KL}]; q(x_t|x_{{t-1}}) = N(x_t; 0.9 x_{{t-1}}, 0.19 I)",
        "F2D-0594",
    ),
    "the first step by a variance of 0": (rf"{BOUND}; {back('beta')}; T = 5", "F2D-0594"),
    "an unknown width": (rf"{BOUND}; {back('eta')}; T = 5", "F2D-0595"),
    "an unknown width, t drawn": (rf"E_t[{KL}]; {back('eta')}; T = 5", "F2D-0595"),
    "a deviation that is applied": (rf"{BOUND}; {back('applied')}; T = 5", "F2D-0595"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    text, code = REFUSED[name]
    assert [each.code for each in f2d.check(text, scaffold=True, dims={"x_0": D})] == [code]


@pytest.mark.parametrize(
    "text", [rf"E_{{t \sim U\{{2, T\}}}}[{KL}]", rf"\sum_{{t=2}}^T {KL}", rf"\sum_{{t>1}} E_q[{KL}]"]
)
def test_steps_from_the_second_on_are_not_refused(text: str) -> None:
    found = f2d.check(rf"\min_\theta {text}; T = 5", scaffold=True, dims={"x_0": D})
    assert not [each for each in found if each.severity == "error"]
