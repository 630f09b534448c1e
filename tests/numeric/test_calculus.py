r"""Derivatives by numbers, integrals between numbers and equations in differentials, against autograd, sums and papers.

The laws of the equations are those of Song et al. 2021, appendix B, and of the textbooks' Ornstein-Uhlenbeck process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

N, D = 5, 2
T = torch.linspace(0.05, 0.95, N, dtype=torch.float64)


class One(nn.Module):
    """A network of which the norm is 1."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.ones(1, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return self.one.expand(len(x), 1)


def value_of(body: str, *definitions: str) -> Tensor:
    """The number of each example: one example at a time."""
    text = [rf"\min_\theta E_{{t,x}}[\|f_\theta(x)\|^2 {body}]", *definitions, r"t \sim U(0,1); x \sim p_{data}"]
    o: Any = f2d.compile(text, {r"f_\theta": One()}, dims={"x": D}).double()
    x = torch.zeros(1, D, dtype=torch.float64)
    return torch.stack([o(x=x, noise={"t": each[None]}).value.detach() for each in T])


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    r"3 t^2 - t + 2": lambda t: 3 * t**2 - t + 2,
    r"\frac{1-t}{1+t^2}": lambda t: (1 - t) / (1 + t**2),
    r"\sqrt{1-t^2}": lambda t: (1 - t**2).sqrt(),
    r"e^{-2t} \sin(\pi t / 2)": lambda t: torch.exp(-2 * t) * torch.sin(torch.pi * t / 2),
    r"\cos(3t)": lambda t: torch.cos(3 * t),
    r"5^{2t}": lambda t: 5 ** (2 * t),
    r"(1+t)^t": lambda t: (1 + t) ** t,
    r"\log(1+t)": lambda t: torch.log(1 + t),
    r"\tanh(t)": torch.tanh,
    r"\mathrm{sigmoid}(2t)": lambda t: torch.sigmoid(2 * t),
    r"\mathrm{softplus}(t) \tan(t)": lambda t: torch.nn.functional.softplus(t) * torch.tan(t),
}


@pytest.mark.parametrize("body", FUNCTIONS)
@pytest.mark.parametrize("written", [r"\frac{d}{dt} g(t)", r"\dot g(t)", "g'(t)", r"\frac{d g(t)}{dt}"])
def test_derivatives_are_those_of_autograd(body: str, written: str) -> None:
    t = T.clone().requires_grad_()
    (expected,) = torch.autograd.grad(FUNCTIONS[body](t).sum(), t)
    assert_close(value_of(f"({written})", f"g(t) = {body}"), expected)


def test_derivatives_of_values_and_of_indexed_definitions() -> None:
    r"""``\dot\alpha_t x + \dot\sigma_t \epsilon`` is the velocity of ``\alpha_t x + \sigma_t \epsilon``."""
    paths = [r"x_t = \alpha_t x + \sigma_t \epsilon; \alpha_t = \cos(t); \sigma_t = \sin(t)"]
    ends = [r"t \sim U(0,1); x \sim p_{data}; \epsilon \sim N(0, I)"]
    losses = []
    for target in (r"\dot\alpha_t x + \dot\sigma_t \epsilon", r"\frac{d x_t}{dt}", r"\dot x_t"):
        text = [rf"\min_\theta E_{{t,x,\epsilon}}\|v_\theta(x_t) - ({target})\|^2", *paths, *ends]
        o: Any = f2d.compile(text, {r"v_\theta": nn.Linear(D, D)}, dims={"x": D}).double()
        with torch.no_grad():
            o.v_theta.weight.fill_(0.3)
            o.v_theta.bias.fill_(-0.1)
        torch.manual_seed(0)
        x, e = torch.randn(2, N, D, dtype=torch.float64).unbind()
        alpha, sigma = torch.cos(T)[:, None], torch.sin(T)[:, None]
        speed = -sigma * x + alpha * e
        expected = (o.v_theta(alpha * x + sigma * e) - speed).square().sum(-1).mean()
        losses.append(o(x=x, noise={"t": T, "epsilon": e}).loss)
        assert_close(losses[-1], expected)


def test_a_prime_that_names_a_value_is_no_derivative() -> None:
    """Two views, each said to be what it is."""
    text = [r"\min_\theta E\|z_t - z'_t\|^2", r"z_t = f_\theta(x, t); z'_t = f_\theta(x', t); t \sim U(0,1)"]
    o: Any = f2d.compile(text, scaffold=True, dims={"x": D, "x_prime": D})
    assert not any("derivative" in str(each) for each in o.assumptions)


INTEGRANDS: dict[str, Callable[[Tensor], Tensor]] = {
    r"0.1 + 19.9 s": lambda s: 0.1 + 19.9 * s,
    r"s^3 - 2 \sqrt{s}": lambda s: s**3 - 2 * s.sqrt(),
    r"\sin^2(\pi s)": lambda s: torch.sin(torch.pi * s) ** 2,
    r"\frac{1}{1+s}": lambda s: 1 / (1 + s),
    r"s e^{-s^2}": lambda s: s * torch.exp(-(s**2)),
    r"(1 + 4 s) e^{s + 2 s^2} + \cos(s)": lambda s: (1 + 4 * s) * torch.exp(s + 2 * s**2) + torch.cos(s),
    r"(s^5 - s) e^{-s^2} + 2": lambda s: (s**5 - s) * torch.exp(-(s**2)) + 2,
    r"0.01 (5000)^{s}": lambda s: 0.01 * 5000**s,
}


@pytest.mark.parametrize("body", INTEGRANDS)
def test_integrals_are_limits_of_sums(body: str) -> None:
    """The midpoint rule on 20,000 intervals."""
    steps = 20_000
    middle = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
    expected = torch.stack([(INTEGRANDS[body](middle * t) * t).mean() for t in T])
    assert_close(value_of(r"\int_0^t \beta(s) ds", rf"\beta(s) = {body}"), expected, rtol=1e-5, atol=1e-8)


def test_ends_and_names() -> None:
    """Between two ends that are expressions, with a hyperparameter inside."""
    found = value_of(r"\int_{t^2}^{2t} (a + s) ds", "a = 3")
    assert_close(found, 3 * (2 * T - T**2) + ((2 * T) ** 2 - T**4) / 2)


@pytest.mark.parametrize(
    ("loss", "factor"),
    [
        (r"\int_0^1 E_{x \sim p_{data}}\|f_\theta(x) - t x\|^2 dt", 1.0),
        (r"\int_{0.2}^{0.7} E_{x \sim p_{data}}\|f_\theta(x) - t x\|^2 dt", 0.5),
        (r"\int_0^1 p(t) E_{x \sim p_{data}}\|f_\theta(x) - t x\|^2 dt; p(t) = U(t; 0.2, 0.7)", 1.0),
    ],
)
def test_integrals_of_losses_are_averages_over_a_time(loss: str, factor: float) -> None:
    """The length of the interval times the mean at the times that are drawn."""
    o: Any = f2d.compile(rf"\min_\theta {loss}", {r"f_\theta": nn.Linear(D, D)}, dims={"x": D}).double()
    torch.manual_seed(0)
    x = torch.randn(N, D, dtype=torch.float64)
    times = 0.2 + 0.5 * T if "0.2" in loss else T
    expected = factor * (o.f_theta(x) - times[:, None] * x).square().sum(-1).mean()
    assert_close(o(x=x, noise={"t": T}).loss, expected)


SDE = r"\min_\theta E_{t,x_0} E_{p_{0t}(x_t|x_0)}\|s_\theta(x_t) - \nabla_{x_t}\log p_{0t}(x_t|x_0)\|^2"
B = 0.1 * T + 9.95 * T**2
EQUATIONS: dict[str, tuple[list[str], Tensor, Tensor]] = {
    "variance preserving": (
        [r"dx = -\frac12\beta(t) x\,dt + \sqrt{\beta(t)}\,dw", r"\beta(t) = 0.1 + 19.9 t"],
        torch.exp(-B / 2),
        1 - torch.exp(-B),
    ),
    "sub-VP": (
        [
            r"d x = -\tfrac12\beta(t) x dt + \sqrt{\beta(t)(1 - e^{-2\int_0^t\beta(s)ds})} dw",
            r"\beta(t) = 0.1 + t(20 - 0.1)",
        ],
        torch.exp(-B / 2),
        (1 - torch.exp(-B)) ** 2,
    ),
    "variance exploding": (
        [r"dx_t = \sqrt{\frac{d[\sigma^2(t)]}{dt}} dw_t", r"\sigma(t) = \sigma_0 (\sigma_1 / \sigma_0)^t"],
        torch.ones(N, dtype=torch.float64),
        (0.01 * 5000**T) ** 2 - 0.01**2,
    ),
    "a rate whose integral has thirds": (
        [r"dx_t = -\theta_t x_t dt + \sigma_t dw_t", r"\sigma_t^2 = 2\theta_t", r"\theta_t = 0.1 + 4 t^2"],
        torch.exp(-0.1 * T - 4 / 3 * T**3),
        1 - torch.exp(-2 * (0.1 * T + 4 / 3 * T**3)),
    ),
    "Ornstein-Uhlenbeck": (
        ["dx = -k x dt + g dw", "k = 0.7; g = 1.3"],
        torch.exp(-0.7 * T),
        1.3**2 / (2 * 0.7) * (1 - torch.exp(-2 * 0.7 * T)),
    ),
    "run backwards": (
        [r"dX_t = -X_t dt + \sqrt{2} dB_t", r"dX_t = [X_t + 2 s_\theta(X_t, t)] dt + \sqrt{2} d\bar{B}_t"],
        torch.exp(-T),
        1 - torch.exp(-2 * T),
    ),
}


@pytest.mark.parametrize("name", EQUATIONS)
def test_laws_of_equations_in_differentials(name: str) -> None:
    equations, decay, variance = EQUATIONS[name]
    letter = "X" if name == "run backwards" else "x"
    text = [SDE.replace("x", letter), *equations, rf"t \sim U(0,1); {letter}_0 \sim p_{{data}}"]
    numbers = {r"\sigma_0": 0.01, r"\sigma_1": 50.0} if "sigma_0" in equations[1] else {}
    o: Any = f2d.compile(text, {r"s_\theta": nn.Linear(D, D), **numbers}, dims={f"{letter}_0": D}).double()
    torch.manual_seed(0)
    x, e = torch.randn(2, N, D, dtype=torch.float64).unbind()
    x_t = decay[:, None] * x + variance.sqrt()[:, None] * e
    expected = (o.s_theta(x_t) + e / variance.sqrt()[:, None]).square().sum(-1).mean()
    found = o(**{f"{letter}_0": x}, noise={"t": T, f"{letter}_t": e}).loss
    assert_close(found, expected, rtol=1e-6, atol=1e-9)
    assert any("follows from" in str(each) for each in o.assumptions)


def test_a_sampler_follows_from_an_equation() -> None:
    """From noise at the greatest time: the path is that of the equation."""
    equations, decay, variance = EQUATIONS["variance preserving"]
    o: Any = f2d.compile(
        [SDE.replace("s_\\theta(x_t)", "s_\\theta(x_t, t)"), *equations, r"t \sim U(0.001,1); x_0 \sim p_{data}"],
        scaffold=True,
        dims={"x_0": D},
    ).double()
    a, b = o.path(T)
    assert_close((a, b**2), (decay, variance))
    assert o.sample(3, steps=4)["x_0"].shape == (3, D)


@pytest.mark.parametrize("weight", [r"\lambda(t)", "w(t)", "g(t)^2"])
def test_a_weight_that_nothing_defines_is_one_number(weight: str) -> None:
    """It is neither a product with the time, nor a network that makes itself small."""
    text = [
        rf"\min_\theta E_{{t,x,\epsilon}}[{weight} \|v_\theta(x + t\epsilon) - \epsilon\|^2]",
        r"t \sim U(0,1); x \sim p_{data}; \epsilon \sim N(0, I)",
    ]
    o: Any = f2d.compile(text, scaffold=True, dims={"x": D}).double()
    torch.manual_seed(0)
    x, e = torch.randn(2, N, D, dtype=torch.float64).unbind()
    expected = (o.v_theta(x + T[:, None] * e) - e).square().sum(-1).mean()
    assert_close(o(x=x, noise={"t": T, "epsilon": e}).loss, expected)
    assert [each.name for each in o.networks] == ["v_theta"] if hasattr(o, "networks") else True


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ([r"\min_\theta E_{t,x}[\|f_\theta(x)\|^2 \frac{d}{dt} a]", "a = 3"], "F2D-0215"),
        ([r"\min_\theta E_{t,x}\|x - \frac{d}{dt} \nabla_x \|f_\theta(x, t)\|^2\|^2"], "F2D-0215"),
        ([r"\min_\theta E_{t,x}[\|f_\theta(x)\|^2 \int_0^t e^{\cos(s)} ds]"], "F2D-0212"),
        ([r"\min_\theta E_{t,x}[\|f_\theta(x)\|^2 \int_0^t s^2 e^{-s^2} ds]"], "F2D-0212"),
        ([r"\min_\theta E_{t,x}[\|f_\theta(x)\|^2 \int_0^t f_\theta(x) ds]"], "F2D-0212"),
        ([SDE.replace("x_0}", "x_0 \\sim p_{data}}"), "dx = -x^2 dt + dw"], "F2D-0130"),
        ([SDE.replace("x_0}", "x_0 \\sim p_{data}}"), "dx = -x dt"], "F2D-0130"),
        ([SDE.replace("x_0}", "x_0 \\sim p_{data}}"), r"dx = -x dt + e^{\cos(t)} dw"], "F2D-0212"),
    ],
)
def test_refusals(text: list[str], code: str) -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile([*text, r"t \sim U(0,1); x \sim p_{data}"], scaffold=True, dims={"x": D, "x_0": D})
    assert code in [each.code for each in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("written", "definition"),
    [
        (r"\alpha''_t", r"\alpha_t = t^3 + t"),
        ("c''(t)", "c(t) = t^3 + t"),
        (r"\ddot c(t)", "c(t) = t^3 + t"),
        (r"\dot c'_t", "c_t = t^3 + t"),
    ],
)
def test_second_derivatives(written: str, definition: str) -> None:
    assert_close(value_of(f"+ {written}", definition), 1 + 6 * T)


PATHS = {
    r"\dot\psi_t(x_0)": r"\psi_t(x_0) = (1 - t) x_0 + t^2 x_1",
    r"\psi_t'(x_0)": r"\psi_t(x_0) = (1 - t) x_0 + t^2 x_1",
    r"\dot\psi_t(x_0, x_1)": r"\psi_t(x_0, x_1) = (1 - t) x_0 + t^2 x_1",
    r"\dot\psi(t, x_0, x_1)": r"\psi(t, x_0, x_1) = (1 - t) x_0 + t^2 x_1",
}


@pytest.mark.parametrize("scaffold", [False, True])
@pytest.mark.parametrize("velocity", PATHS)
def test_velocities_of_functions_with_their_time_below(velocity: str, scaffold: bool) -> None:
    """The velocity of (1 - t) a + t^2 b is 2 t b - a; the network is 0."""

    class Zero(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.none = nn.Parameter(torch.zeros(1, dtype=torch.float64))

        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            return self.none * x

    point = velocity.replace(r"\dot", "").replace("'", "")
    text = [
        rf"\min_\theta E_{{t, x_0, x_1}}\|v_\theta({point}, t) - {velocity}\|^2",
        PATHS[velocity],
        r"t \sim U(0, 1); x_0 \sim N(0, I); x_1 \sim p_{data}; x_1 \in \mathbb{R}^2",
    ]
    o: Any = f2d.compile(text, {r"v_\theta": Zero()}, scaffold=scaffold).double()
    torch.manual_seed(0)
    a, b = torch.randn(2, N, D, dtype=torch.float64)
    expected = (2 * T[:, None] * b - a).square().sum(-1).mean()
    assert_close(o(x_1=b, noise={"t": T, "x_0": a}).loss, expected)


def test_theorem_3() -> None:
    r"""Lipman et al. 2023: u_t(x|x_1) = \sigma_t'/\sigma_t (x - \mu_t) + \mu_t', which is x_1 - 0.9 e at x = t x_1 +
    (1 - 0.9 t) e."""

    class Zero(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.none = nn.Parameter(torch.zeros(1, dtype=torch.float64))

        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            return self.none * x

    target = r"\frac{\sigma_t'(x_1)}{\sigma_t(x_1)} (x_t - \mu_t(x_1)) + \mu_t'(x_1)"
    text = [
        rf"\min_\theta E_{{t, x_1, \epsilon}}\|v_\theta(x_t, t) - ({target})\|^2",
        r"x_t = \mu_t(x_1) + \sigma_t(x_1) \epsilon; \mu_t(x_1) = t x_1; \sigma_t(x_1) = 1 - 0.9 t",
        r"t \sim U(0, 1); x_1 \sim p_{data}; \epsilon \sim N(0, I); x_1 \in \mathbb{R}^2",
    ]
    o: Any = f2d.compile(text, {r"v_\theta": Zero()}, scaffold=True).double()
    torch.manual_seed(0)
    e, x = torch.randn(2, N, D, dtype=torch.float64)
    expected = (x - 0.9 * e).square().sum(-1).mean()
    assert_close(o(x_1=x, noise={"t": T, "epsilon": e}).loss, expected)
