r"""Noise processes of which a text says no more than what is drawn, against their laws by hand.

Ho et al. 2020: \beta from 10^{-4} to 0.02 in 1000 steps; Song et al. 2021: \beta(t) from 0.1 to 20 for t from 0 to 1.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

N, D, T = 6, 2, 1000
BETA = torch.linspace(1e-4, 0.02, T, dtype=torch.float64)
ALPHA_BAR = torch.cumprod(1 - BETA, 0)
STEPS = torch.tensor([2.0, 3.0, 10.0, 500.0, 999.0, 1000.0], dtype=torch.float64)


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layer = nn.Linear(D, D)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.layer(x) * (1 + t / T)[:, None]


def draws() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randn(N, D, dtype=torch.float64), torch.randn(N, D, dtype=torch.float64)


def compiled(text: Any, name: str, net: nn.Module, **options: Any) -> Any:
    objective: Any = f2d.compile(text, {name: net}, scaffold=True, **options).double()
    for buffer in objective.buffers():  # tables are kept in single precision
        assert buffer.dtype == torch.float64
    return objective


def assert_same(objective: Any, net: nn.Module, expected: Tensor, noise: dict[str, Tensor], **data: Tensor) -> None:
    """The loss and the gradients of the network are those of the expected loss."""
    loss = objective(noise=noise, **data).loss
    ours = torch.autograd.grad(loss, list(net.parameters()))
    theirs = torch.autograd.grad(expected, list(net.parameters()))
    assert_close(loss, expected, rtol=1e-5, atol=1e-6)
    for mine, other in zip(ours, theirs, strict=True):
        assert_close(mine, other, rtol=1e-4, atol=1e-6)


def noised(x: Tensor, e: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """x_t, and its deviation given x_0."""
    a = ALPHA_BAR[t.long() - 1][:, None]
    return a.sqrt() * x + (1 - a).sqrt() * e, (1 - a).sqrt()


SCORE = r"\| s_\theta(x_t, t) - \nabla_{x_t} \log p(x_t|x_0) \|^2"


@pytest.mark.parametrize(
    "text",
    [
        rf"\min_\theta E_{{t, x_0, x_t}}[{SCORE}]",
        rf"\min_\theta E_t E_{{x_0}} E_{{x_t|x_0}}[{SCORE}]",
        rf"\min_\theta E_{{t \sim p(t)}} E_{{p(x_0)}} E_{{p(x_t|x_0)}}[{SCORE}]",
        rf"\min_\theta E_{{p(x_t|x_0)}}[{SCORE}]",
        r"\min_\theta E_t E_{x(0)} E_{x(t)|x(0)}[\| s_\theta(x(t), t) - \nabla_{x(t)} \log p_{0t}(x(t)|x(0)) \|^2]",
        r"\min_\theta E_{t, x^0}E_{q(x^t|x^0)}[\| s_\theta(x^t, t) - \nabla_{x^t} \log q(x^t|x^0) \|^2]",
        r"min_θ 𝔼_{t, x_0, x_t}[‖s_θ(x_t, t) − ∇_{x_t} log p_t(x_t ∣ x_0)‖²]",
        "min_theta E_{t, x_0, x_t}[||s_theta(x_t, t) - grad_{x_t} log p(x_t|x_0)||^2]",
    ],
)
def test_a_score_is_fitted_to_that_of_the_process(text: str) -> None:
    net, (x, e) = Network().double(), draws()
    o = compiled(text, r"s_\theta", net, dims={"x_0": D})
    x_t, deviation = noised(x, e, STEPS)
    expected = (net(x_t, STEPS) + e / deviation).square().sum(-1).mean()
    assert_same(o, net, expected, {"t": STEPS, "x_t": e}, x_0=x)
    assert not any("small network" in str(each) for each in o.assumptions)


@pytest.mark.parametrize("law", ["U(0, 1)", "U(0, T)", "U[0, T]"])
@pytest.mark.parametrize("density", ["p(x_t|x_0)", "p_{0t}(x_t|x_0)", "q_{t|0}(x_t|x_0)"])
def test_times_between_numbers(law: str, density: str) -> None:
    text = (
        rf"\min_\theta E_{{t \sim {law}}} E_{{x_0}} E_{{{density}}}"
        rf"[\| s_\theta(x_t, t) - \nabla_{{x_t}} \log {density} \|^2]"
    )
    net, (x, e), t = Network().double(), draws(), STEPS / T
    o = compiled(text, r"s_\theta", net, dims={"x_0": D})
    integral = (0.1 * t + 19.9 * t**2 / 2)[:, None]
    deviation = (1 - torch.exp(-integral)).sqrt()
    x_t = torch.exp(-integral / 2) * x + deviation * e
    expected = (net(x_t, t) + e / deviation).square().sum(-1).mean()
    assert_same(o, net, expected, {"t": t, "x_t": e}, x_0=x)


def test_an_integral_over_times_with_a_density_given_the_time() -> None:
    text = (
        r"L = \int_{t_\min}^{t_\max} p(t) w(t) E_{x_0 \sim p(x_0), x_t \sim p(x_t|x_0, t)}[\| f(x_t, t) - x_0 \|^2] dt"
    )
    net, (x, e) = Network().double(), draws()
    o = compiled(text, "f", net, dims={"x_0": D})
    u = torch.linspace(0.1, 0.9, N, dtype=torch.float64)
    t = 1e-3 + (1 - 1e-3) * u
    integral = (0.1 * t + 19.9 * t**2 / 2)[:, None]
    x_t = torch.exp(-integral / 2) * x + (1 - torch.exp(-integral)).sqrt() * e
    expected = (net(x_t, t) - x).square().sum(-1).mean()
    assert_same(o, net, expected, {"t": u, "x_t": e}, x_0=x)


@pytest.mark.parametrize("said", ["", r"; p(t) = U\{1, T\}"])
def test_a_density_of_steps_under_their_sum_is_one_over_their_number(said: str) -> None:
    """With a score of zero, the mean of |e|^2 / (1 - \\bar\\alpha_t) over steps, once more divided by their number."""

    class Zero(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.zeros(()))

        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            return self.scale * x

    text = rf"J(\theta) = \frac1T \sum_{{t=1}}^T p(t) E_{{x_0, x_t}}[{SCORE}]; T = 4{said}"
    o = compiled(text, r"s_\theta", Zero(), dims={"x_0": D}, maximize=False)
    e, x = torch.randn(N, 4, D, dtype=torch.float64), torch.zeros(N, D, dtype=torch.float64)
    variance = 1 - torch.cumprod(1 - torch.linspace(1e-4, 0.02, 4, dtype=torch.float64), 0)
    expected = (e.square().sum(-1) / variance).sum(-1).mean() / 16
    assert_close(o(x_0=x, noise={"x": e}).loss, expected, rtol=1e-5, atol=0)


def posterior_mean(x: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
    """Bayes' rule for x_{t-1}: the prior N(\\sqrt{\\bar\\alpha_{t-1}} x_0, 1 - \\bar\\alpha_{t-1}), then one step."""
    i = t.long() - 1
    mean, variance = ALPHA_BAR[i - 1].sqrt()[:, None] * x, (1 - ALPHA_BAR[i - 1])[:, None]
    share, beta = (1 - BETA[i]).sqrt()[:, None], BETA[i][:, None]
    gain = variance * share / (share**2 * variance + beta)
    return mean + gain * (x_t - share * mean)


@pytest.mark.parametrize(
    ("binders", "point"),
    [
        ("q", "x_t"),
        (r"x_0, \epsilon", "x_t"),
        (r"t, x_0, \epsilon", "x_t"),
        (r"x_0, \epsilon", r"x_t(x_0, \epsilon)"),
    ],
)
@pytest.mark.parametrize("mean", [r"\tilde\mu_t", r"\tilde\mu"])
def test_the_mean_of_the_step_back(binders: str, point: str, mean: str) -> None:
    """Ho et al. 2020, equation 8."""
    loss = rf"\frac{{1}}{{2 \sigma_t^2}} \| {mean}({point}, x_0) - \mu_\theta({point}, t) \|^2"
    net, (x, e) = Network().double(), draws()
    o = compiled(rf"L_{{t-1}} = E_{{{binders}}}[{loss}]", r"\mu_\theta", net, dims={"x_0": D})
    x_t, _ = noised(x, e, STEPS)
    error = (posterior_mean(x, x_t, STEPS) - net(x_t, STEPS)).square().sum(-1)
    expected = (error / (2 * BETA[STEPS.long() - 1])).mean()
    noise = {"t": STEPS, "x_t" if binders == "q" else "epsilon": e}
    assert_same(o, net, expected, noise, x_0=x)


def test_a_bound_with_the_entropies_of_its_process() -> None:
    """Sohl-Dickstein et al. 2015, as a bound with one step that is drawn; the entropies are numbers."""
    text = (
        r"K = -E_q[KL(q(x_{t-1}|x_t, x_0) \| p_\theta(x_{t-1}|x_t))"
        r" + H_q(X_T|X_0) - H_q(X_1|X_0) - H_p(X_T)]; x_0 \in \mathbb{R}^2"
    )
    net, (x, e) = Network().double(), draws()
    o = compiled(text, r"\mu_\theta", net)
    x_t, _ = noised(x, e, STEPS)
    i = STEPS.long() - 1
    narrow = BETA[i] * (1 - ALPHA_BAR[i - 1]) / (1 - ALPHA_BAR[i])
    error = (posterior_mean(x, x_t, STEPS) - net(x_t, STEPS)).square().sum(-1)
    divergence = D / 2 * ((BETA[i] / narrow).log() + narrow / BETA[i] - 1) + error / (2 * BETA[i])

    def entropy(variance: float) -> float:
        return D / 2 * math.log(2 * math.pi * math.e * variance)

    bound = -(divergence.mean() + entropy(1 - float(ALPHA_BAR[-1])) - entropy(1e-4) - entropy(1))
    assert_same(o, net, -bound, {"t": STEPS, "x_t": e}, x_0=x)  # a bound of log p: it is maximised


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(D, 2 * D)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        loc, log_scale = self.layer(x).chunk(2, -1)
        return {"loc": loc, "log_scale": log_scale}


def test_an_entropy_that_names_its_distribution() -> None:
    torch.manual_seed(0)
    net = Encoder().double()
    text = r"\max E_{q_\phi(z|x)}[-\|z\|^2] + H_{q_\phi}(Z|X)"
    o: Any = f2d.compile(text, {r"q_\phi(z|x)": f2d.Normal(net)}, dims={"x": D, "z": D})
    x, e = draws()
    loc, log_scale = net(x).values()
    entropy = (log_scale + 0.5 * math.log(2 * math.pi * math.e)).sum(-1)
    expected = (entropy - (loc + log_scale.exp() * e).square().sum(-1)).mean()
    assert_close(o(x=x, noise={"z": e}).value, expected)


@pytest.mark.parametrize(
    ("binders", "weight", "data"),
    [
        (r"u(\sigma) q(x_\sigma|x) p_{data}(x)", r"\lambda(\sigma)", "x"),
        (r"u(\sigma) q(x_0, x_\sigma)", r"\lambda^x(\sigma)", "x_0"),
        (r"x, \sigma \sim u(\sigma), \epsilon", r"\lambda(\sigma)", "x"),
    ],
)
def test_a_level_that_the_variable_carries(binders: str, weight: str, data: str) -> None:
    text = rf"\min_\theta E_{{{binders}}}[\frac{{{weight}}}{{u(\sigma)}} \|x - D_\theta(x_\sigma, \sigma)\|^2]"
    net, (x, e) = Network().double(), draws()
    o = compiled(text, r"D_\theta", net, dims={data: D})
    place = torch.linspace(0.05, 0.95, N, dtype=torch.float64)
    level = torch.exp(math.log(0.002) + place * (math.log(80) - math.log(0.002)))
    density = 1 / (level * (math.log(80) - math.log(0.002)))
    error = (x - net(x + level[:, None] * e, level)).square().sum(-1)
    noise = {"s": place, "epsilon" if "epsilon" in binders else "x_sigma": e}
    assert_same(o, net, (error / density).mean(), noise, **{data: x})


def test_a_level_whose_law_the_text_says() -> None:
    text = (
        r"\min_\theta E_{\sigma \sim p(\sigma)} E_{p_{data}(x) q(x_\sigma|x)}[\|x - D_\theta(x_\sigma, \sigma)\|^2]"
        r"; \log\sigma \sim N(-1.2, 1.2^2)"
    )
    net, (x, e) = Network().double(), draws()
    o = compiled(text, r"D_\theta", net, dims={"x": D})
    z = torch.linspace(-1, 1, N, dtype=torch.float64)
    level = torch.exp(-1.2 + 1.2 * z)
    expected = (x - net(x + level[:, None] * e, level)).square().sum(-1).mean()
    assert_same(o, net, expected, {"sigma": z.exp(), "x_sigma": e}, x=x)


def test_a_level_that_nothing_draws_is_one() -> None:
    text = (
        r"\mathcal{L}(\theta, \sigma) = E_{q(x, x_\sigma)}"
        r"[\|s_\theta(x_\sigma, \sigma) - \nabla_{x_\sigma} \log q(x_\sigma|x)\|^2]"
    )
    net, (x, e) = Network().double(), draws()
    o = compiled(text, r"s_\theta", net, dims={"x": D})
    expected = (net(x + e, torch.ones(N, dtype=torch.float64)) + e).square().sum(-1).mean()
    assert_same(o, net, expected, {"x_sigma": e}, x=x)
    assert "sigma = 1" in map(str, o.assumptions)


def test_a_point_in_the_place_of_the_data() -> None:
    point = r"\sqrt{\bar\alpha_t} x_t + \sqrt{1 - \bar\alpha_t} \epsilon"
    net, (x, e) = Network().double(), draws()
    o = compiled(
        rf"\min_\theta E_{{t, x_0, \epsilon}}\|\epsilon - \epsilon_\theta({point}, t)\|^2",
        r"\epsilon_\theta",
        net,
        dims={"x_0": D},
    )
    x_t, _ = noised(x, e, STEPS)
    expected = (e - net(x_t, STEPS)).square().sum(-1).mean()
    assert_same(o, net, expected, {"t": STEPS, "epsilon": e}, x_0=x)


def test_what_a_function_is_given_side_by_side() -> None:
    class Two(nn.Module):
        def forward(self, y: Tensor, a: Tensor) -> Tensor:
            return torch.cat([y, a], 1)

    o: Any = f2d.compile(r"\min \|f(y \oplus a)\|^2", {"f": Two()}, dims={"y": 2, "a": 3})
    y, a = torch.randn(N, 2), torch.randn(N, 3)
    assert_close(o(y=y, a=a).loss, (y.square().sum(-1) + a.square().sum(-1)).mean())


@pytest.mark.parametrize("joint", [r"q_\phi(z_0, z_{1:T}|x)", r"q_\phi(z^0, z^{1:T}|x)", r"q_\phi(c_q^0, c_q^{1:T}|x)"])
def test_noise_behind_an_encoder(joint: str) -> None:
    """The bound of two steps, by hand: code, noise, prior and decoder."""
    letter = "c_q" if "c_q" in joint else "z"
    first, rest, whole = ("_0", "_{1:T}", "_{0:T}") if "z_0" in joint else ("^0", "^{1:T}", "^{0:T}")
    z_0, z_rest, z_all = letter + first, letter + rest, letter + whole
    text = (
        rf"\max E_{{{joint}}}[\log \frac{{p_\theta({z_all}) p_\theta(x|{z_0})}}"
        rf"{{q_\phi({z_0}|x) q_\phi({z_rest}|{z_0})}}]; T = 2; x \in \mathbb{{R}}^2"
    )
    name = "c" if letter == "c_q" else "z"
    net, encoder, decoder = Network().double(), Encoder().double(), Encoder().double()
    bindings = {
        r"\mu_\theta": net,
        rf"q_\phi({name}_0|x)": f2d.Normal(encoder),
        rf"p_\theta(x|{name}_0)": f2d.Normal(decoder),
    }
    o: Any = f2d.compile(text, bindings, scaffold=True, dims={f"{name}_0": D, name: D}).double()
    x, e = draws()
    steps = torch.randn(N, 2, D, dtype=torch.float64)
    beta = torch.tensor([1e-4, 0.02], dtype=torch.float64)
    normal = torch.distributions.Normal
    loc, log_scale = encoder(x).values()
    q = normal(loc, log_scale.exp())
    code = loc + log_scale.exp() * e
    z_1 = (1 - beta[0]).sqrt() * code + beta[0].sqrt() * steps[:, 0]
    z_2 = (1 - beta[1]).sqrt() * z_1 + beta[1].sqrt() * steps[:, 1]
    one, two = torch.ones(N, dtype=torch.float64), 2 * torch.ones(N, dtype=torch.float64)
    mean, log_width = decoder(code).values()
    terms = (
        normal(0.0, 1.0).log_prob(z_2)
        + normal(net(z_2, two), beta[1].sqrt()).log_prob(z_1)
        + normal(net(z_1, one), beta[0].sqrt()).log_prob(code)
        + normal(mean, log_width.exp()).log_prob(x)
        - q.log_prob(code)
        - normal((1 - beta[0]).sqrt() * code, beta[0].sqrt()).log_prob(z_1)
        - normal((1 - beta[1]).sqrt() * z_1, beta[1].sqrt()).log_prob(z_2)
    )
    assert_close(o(x=x, noise={f"{name}_0": e, name: steps}).value, terms.sum(-1).mean(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (rf"\min_\theta \sum_{{t=1}}^T p(t) E_{{x_0, x_t}}[{SCORE}]; p(t) = Cat(t; \pi)", "F2D-0547"),
        (
            r"\min_\theta E_q[\|\tilde\mu_t(x_t, x_0) - f_\theta(x_t, t)\|^2]; q(x_t|x_{t-1}) = N(x_t; a x_{t-1}, b I)",
            "F2D-0548",
        ),
        (r"\min_\theta E_x[\|f_\theta(x) \oplus x\|^2]", "F2D-0549"),
        (
            r"\min_\theta E_{p_{data}(x) q(x_\sigma|x)}[KL[q(x_\rho|x_\sigma, x) \| p_\theta(x_\rho|x_\sigma)]]",
            "F2D-0555",
        ),
        (r"\min_\theta E_{t, p(x_t)}[\|s_\theta(x_t, t) - \nabla_{x_t} \log p(x_t)\|^2]", "F2D-0556"),
        (r"L = E_q[\sum_{t>1} KL(q(x_{t-1}|x_t, x_0) \| p_\theta(x_{t-1}|x_1))]", "F2D-0557"),
        (r"L = E_q[KL(q(x_t|x_0) \| p(x_T)) - \log p_\theta(x_0|x_1)]", "F2D-0557"),
        (r"L = E_{t, x}\|u^\theta_t(x) - u_t(x)\|^2", "F2D-0558"),
        (r"L = E_{t, q(x_1), p_t(x|x_1)}\|v_\theta(x, t) - u_t(x|x_1)\|^2", "F2D-0558"),
        (r"\min_\theta E_{t, p_t(x)}[\|s_\theta(x, t) - \nabla_x \log p_t(x)\|^2]", "F2D-0556"),
    ],
)
def test_what_nothing_decides_is_refused(text: str, code: str) -> None:
    with pytest.raises(f2d.FormulaError) as found:
        f2d.compile(text, scaffold=True, dims={"x": D, "x_0": D})
    assert code in [each.code for each in found.value.diagnostics]


@pytest.mark.parametrize(
    "text",
    [
        r"\min_\theta E_{x_0, x_t \sim p(x_t|x_0)}[\|f_\theta(x_0) - x_t\|^2]",
        r"\min_\theta E_{t \sim U\{1, T\}, (x_0, x_t) \sim \mathcal{D}}[\|f_\theta(x_0, t) - x_t\|^2]",
        r"\min_\theta E_{t, x_0, x_1}[\|v_\theta(x_t, t) - (x_1 - x_0)\|^2]",
    ],
)
def test_neighbours_are_no_such_process(text: str) -> None:
    o: Any = f2d.compile(text, scaffold=True, dims={"x_0": D, "x_t": D, "x_1": D})
    assert not any("beta" in str(each) for each in o.assumptions)
