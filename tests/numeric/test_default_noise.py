r"""Noise processes and paths of texts that say nothing of them, against the schedules of the papers by hand.

Ho et al. 2020: \beta from 10^{-4} to 0.02 in 1000 steps, linearly; Liu et al. 2023: the straight line.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

N, D, T = 6, 2, 1000
BETA = torch.linspace(1e-4, 0.02, T, dtype=torch.float64)
ALPHA_BAR = torch.cumprod(1 - BETA, 0)


def batch() -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    return (
        torch.randn(N, D, dtype=torch.float64),
        torch.randn(N, D, dtype=torch.float64),
        torch.tensor([1.0, 2.0, 10.0, 500.0, 999.0, 1000.0], dtype=torch.float64),
    )


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layer = nn.Linear(D, D)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.layer(x) * (1 + t / T)[:, None]


@pytest.mark.parametrize(
    "loss",
    [
        r"E_{t,x_0,\epsilon}\|\epsilon - \epsilon_\theta(x_t, t)\|^2",
        r"E_{t,x_0,\epsilon}\|\epsilon_t - \epsilon_\theta(x_t, t)\|^2",
        r"E_{t,x_0,\epsilon}\|\epsilon - \epsilon_\theta(\sqrt{\bar\alpha_t}x_0+\sqrt{1-\bar\alpha_t}\epsilon,t)\|^2",
        r"E_{t \sim U(1,T), x_0 \sim p_{data}, \epsilon \sim N(0,I)}\|\epsilon - \epsilon_\theta(x_t, t)\|^2",
        r"E_{t,x_0,\epsilon}\|\epsilon - \epsilon_\theta(\sqrt{\alpha_t} x_0 + \sqrt{1-\alpha_t}\epsilon, t)\|^2",
    ],
)
def test_noise_predictions(loss: str) -> None:
    net, (x, e, t) = Network().double(), batch()
    o: Any = f2d.compile(rf"\min_\theta {loss}", {r"\epsilon_\theta": net}, scaffold=True, dims={"x_0": D}).double()
    a = ALPHA_BAR[t.long() - 1][:, None]
    expected = (e - net(a.sqrt() * x + (1 - a).sqrt() * e, t)).square().sum(-1).mean()
    assert_close(o(x_0=x, noise={"t": t, "epsilon": e}).loss, expected)
    assert any("T = 1000" in str(each) for each in o.assumptions)


def test_noise_that_carries_the_step() -> None:
    point = r"\sqrt{\bar\alpha_t} x_0 + \sqrt{1 - \bar\alpha_t} \epsilon_t"
    text = rf"\min_\theta E_{{t,x_0,\epsilon_t}}\|\epsilon_t - \epsilon_\theta({point}, t)\|^2"
    net, (x, e, t) = Network().double(), batch()
    o: Any = f2d.compile(text, {r"\epsilon_\theta": net}, scaffold=True, dims={"x_0": D}).double()
    a = ALPHA_BAR[t.long() - 1][:, None]
    expected = (e - net(a.sqrt() * x + (1 - a).sqrt() * e, t)).square().sum(-1).mean()
    assert_close(o(x_0=x, noise={"t": t, "epsilon_t": e}).loss, expected)


@pytest.mark.parametrize("binders", ["t, x_0, x_1", "t, q(x_1), p(x_0)", "x_0, x_1, t", r"t, x_1 \sim p_{data}, x_0"])
@pytest.mark.parametrize("space", ["", r"; t \in [0, 1]"])
def test_a_straight_line_that_is_written_out(binders: str, space: str) -> None:
    """Liu et al. 2023: t is uniform between 0 and 1, x_0 standard normal noise, where nothing else is said of them."""
    text = (
        rf"\min_\theta E_{{{binders}}}\|v_\theta(t x_1 + (1-t) x_0, t) - (x_1 - x_0)\|^2; x_1 \in \mathbb{{R}}^2{space}"
    )
    net, (x, e, t) = Network().double(), batch()
    t = t / T
    o: Any = f2d.compile(text, {r"v_\theta": net}, scaffold=True).double()
    expected = (net(t[:, None] * x + (1 - t)[:, None] * e, t) - (x - e)).square().sum(-1).mean()
    assert_close(o(x_1=x, noise={"t": t, "x_0": e}).loss, expected)
    assert [each.name for each in o.inputs] == ["x_1"]


def test_what_the_text_says_holds() -> None:
    text = [r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon - \epsilon_\theta(x_t, t)\|^2", r"\beta_t = 0.1 t / T; T = 4"]
    net, (x, e, _) = Network().double(), batch()
    o: Any = f2d.compile(text, {r"\epsilon_\theta": net}, scaffold=True, dims={"x_0": D}).double()
    t = torch.tensor([1.0, 2.0, 3.0, 4.0, 1.0, 4.0], dtype=torch.float64)
    a = torch.cumprod(1 - 0.1 * torch.arange(1, 5, dtype=torch.float64) / 4, 0)[t.long() - 1][:, None]
    expected = (e - net(a.sqrt() * x + (1 - a).sqrt() * e, t)).square().sum(-1).mean()
    assert_close(o(x_0=x, noise={"t": t, "epsilon": e}).loss, expected)


@pytest.mark.parametrize("key", [r"\bar\alpha", r"\bar\alpha_t", r"\bar\alpha_{1:T}"])
@pytest.mark.parametrize("steps", [[], [r"t \sim \mathcal{U}\{1, T\}"]])
def test_a_bound_schedule_says_how_many_steps(key: str, steps: list[str]) -> None:
    net, (x, e, _), table = Network().double(), batch(), torch.linspace(0.9, 0.1, 10, dtype=torch.float64)
    text = [r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon - \epsilon_\theta(x_t, t)\|^2", *steps]
    o: Any = f2d.compile(text, {r"\epsilon_\theta": net, key: table}, scaffold=True, dims={"x_0": D}).double()
    t = torch.tensor([1.0, 2.0, 5.0, 9.0, 10.0, 10.0], dtype=torch.float64)
    a = table[t.long() - 1][:, None]
    expected = (e - net(a.sqrt() * x + (1 - a).sqrt() * e, t)).square().sum(-1).mean()
    assert_close(o(x_0=x, noise={"t": t, "epsilon": e}).loss, expected)
    assert any("T is 10" in str(each) for each in o.assumptions)


def test_a_weight_of_each_drawn_number_says_how_many_there_are() -> None:
    text = r"\min E_{i \sim U\{1, N\}} E_{x \sim p_{data}}[w_i \|x\|^2]"
    o: Any = f2d.compile(text, {"w": torch.arange(1.0, 8.0)}, scaffold=True, dims={"x": D})
    assert any("N is 7" in str(each) for each in o.assumptions)


def test_fewer_rows_than_steps_are_refused() -> None:
    text = [r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon - \epsilon_\theta(x_t, t)\|^2", "T = 20"]
    with pytest.raises(f2d.FormulaError, match="F2D-0322"):
        f2d.compile(text, {r"\bar\alpha": torch.linspace(0.9, 0.1, 10)}, scaffold=True, dims={"x_0": D})


NOISE = r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon - \epsilon_\theta(x_t, t)\|^2"
STEPS = torch.tensor([1.0, 2.0, 5.0, 9.0, 10.0, 10.0], dtype=torch.float64)


def loss_of(text: list[str], bindings: dict[str, object], t: Tensor) -> tuple[Tensor, Any]:
    """The loss at the draws of ``batch``, and the objective."""
    x, e, _ = batch()
    o: Any = f2d.compile(text, {r"\epsilon_\theta": Network().double(), **bindings}, scaffold=True, dims={"x_0": D})
    return o.double()(x_0=x, noise={"t": t, "epsilon": e}).loss.detach(), o


def by_hand(data: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """The loss where data and noise are multiplied by these."""
    x, e, _ = batch()
    point = data[:, None] * x + noise[:, None] * e
    return (e - Network().double()(point, t)).square().sum(-1).mean().detach()


SAID = {
    "a density": [r"q(x_t|x_0) = N(x_t; \alpha_t x_0, \sigma_t^2 I)", r"\alpha_t = 1 - t/T; \sigma_t = t/T; T = 10"],
    "a draw": [r"x_t | x_0 \sim N((1 - t/T) x_0, (t/T)^2 I); T = 10"],
}


@pytest.mark.parametrize("name", SAID)
def test_the_density_that_the_text_says_is_the_path(name: str) -> None:
    loss, _ = loss_of([NOISE, *SAID[name], r"t \sim U\{1, T\}"], {}, STEPS)
    assert_close(loss, by_hand(1 - STEPS / 10, STEPS / 10, STEPS))


def test_a_density_at_a_time_between_numbers() -> None:
    t = STEPS / 11
    loss, _ = loss_of([NOISE, r"q(x_t|x_0) = N(x_t; (1 - t) x_0, t^2 I); t \sim U(0, 1)"], {}, t)
    assert_close(loss, by_hand(1 - t, t, t))


ALPHA = 1 - 0.01 * torch.arange(1, 11, dtype=torch.float64)


@pytest.mark.parametrize(
    "said",
    [
        r"\alpha_t = 1 - 0.01 t; T = 10",
        r"q(x_t|x_{t-1}) = N(x_t; \sqrt{\alpha_t} x_{t-1}, (1 - \alpha_t) I); \alpha_t = 1 - 0.01 t; T = 10",
        r"q(x_t|x_{t-1}) = N(x_t; \sqrt{1 - 0.01 t} x_{t-1}, 0.01 t I); T = 10",
    ],
)
def test_schedules_are_made_of_those_that_are_said(said: str) -> None:
    a = torch.cumprod(ALPHA, 0)[STEPS.long() - 1]
    loss, _ = loss_of([NOISE, said], {}, STEPS)
    assert_close(loss, by_hand(a.sqrt(), (1 - a).sqrt(), STEPS))


def test_a_bound_alpha_is_multiplied_up() -> None:
    a = torch.cumprod(ALPHA, 0)[STEPS.long() - 1]
    loss, _ = loss_of([NOISE], {r"\alpha": ALPHA}, STEPS)
    assert_close(loss, by_hand(a.sqrt(), (1 - a).sqrt(), STEPS))


def test_the_ends_of_a_schedule() -> None:
    a = torch.cumprod(1 - torch.linspace(0.01, 0.3, 10, dtype=torch.float64), 0)[STEPS.long() - 1]
    loss, _ = loss_of([NOISE, r"\beta_1 = 0.01, \beta_T = 0.3, T = 10"], {}, STEPS)
    assert_close(loss, by_hand(a.sqrt(), (1 - a).sqrt(), STEPS))


@pytest.mark.parametrize("steps", [r"t \sim U(1, 10)", r"t \sim U\{1, \dots, 10\}", r"t \in \{1, \dots, 10\}"])
def test_the_schedule_ends_where_the_steps_do(steps: str) -> None:
    a = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 10, dtype=torch.float64), 0)[STEPS.long() - 1]
    loss, _ = loss_of([NOISE, steps], {}, STEPS)
    assert_close(loss, by_hand(a.sqrt(), (1 - a).sqrt(), STEPS))


@pytest.mark.parametrize(
    "said",
    [
        r"t \sim U(0, 1)",
        r"t \sim U(0, T)",
        r"t \sim U\{0, T - 1\}",
        r"t \in [0, 1]",
        r"dx = -x\, dt + \sqrt{2}\, dw",
        r"q(x_t|x_{t-1}) = N(x_t; x_{t-1}, 0.1 I)",
        r"q(x_t|x_0) = N(x_t; x_0, \Sigma_t)",
    ],
)
def test_no_default_against_what_the_text_says(said: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0539"):
        f2d.compile([NOISE, said], scaffold=True, dims={"x_0": D})


def test_no_schedule_at_a_time_between_numbers() -> None:
    text = (
        r"\min_\theta E_{t \sim U(0,1), x_0, \epsilon}[\beta_t \|\epsilon - \epsilon_\theta(x_0 + t \epsilon, t)\|^2]"
    )
    with pytest.raises(f2d.FormulaError, match="F2D-0539"):
        f2d.compile(text, scaffold=True, dims={"x_0": D})


def test_a_range_is_no_schedule() -> None:
    t = batch()[2]
    a = ALPHA_BAR[t.long() - 1]
    loss, _ = loss_of([NOISE, r"\beta_t \in (0, 1)"], {}, t)
    assert_close(loss, by_hand(a.sqrt(), (1 - a).sqrt(), t))


def test_brackets_inside_of_brackets() -> None:
    t = batch()[2]
    a = ALPHA_BAR[t.long() - 1]
    text = r"\min_\theta E_t[E_{x_0,\epsilon}\|\epsilon - \epsilon_\theta(x_t, t)\|^2]"
    loss, _ = loss_of([text], {}, t)
    assert_close(loss, by_hand(a.sqrt(), (1 - a).sqrt(), t))


@pytest.mark.parametrize("scaffold", [False, True])
@pytest.mark.parametrize(
    "drawn", [r"x_0 \sim p_{data}", r"x_0 \sim p_{data}, z \sim N(0, I)", r"x_1 \sim p_{data}, \epsilon \sim N(0, I)"]
)
def test_a_point_of_which_nothing_is_said(drawn: str, scaffold: bool) -> None:
    text = rf"\min_\theta E_{{t \sim U(0, 1), {drawn}}}\|f_\theta(x_t, t)\|^2"
    with pytest.raises(f2d.FormulaError, match="F2D-0539"):
        f2d.compile(text, {} if scaffold else {r"f_\theta": Network()}, scaffold=scaffold, dims={"x_0": D, "x_1": D})


@pytest.mark.parametrize("line", [r"t \sim U\{1, T\}", r"t \sim U(1, 10)"])
def test_no_straight_line_along_steps(line: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0539"):
        f2d.compile([r"\min_\theta E_{t,x_0,x_1}\|v_\theta(x_t, t) - (x_1 - x_0)\|^2", line], scaffold=True)


@pytest.mark.parametrize("bound", [False, True])
def test_a_number_is_no_schedule(bound: bool) -> None:
    r"""``\beta = 4`` before a divergence: the variances of the steps are those of the default."""
    text = [rf"{NOISE} + \beta KL[q(z|x_0) \| p(z)]", *([] if bound else [r"\beta = 4"])]
    t = batch()[2]
    _, o = loss_of(text, {r"\beta": 4.0} if bound else {}, t)
    x, e, _ = batch()
    terms = o(x_0=x, noise={"t": t, "epsilon": e}).terms
    a = ALPHA_BAR[t.long() - 1]
    assert_close(terms["||epsilon - epsilon_theta(x_t, t)||^2"], by_hand(a.sqrt(), (1 - a).sqrt(), t))


def test_the_time_is_the_index_of_the_schedule() -> None:
    """Chi et al. 2023: s is the state, k the step."""

    class Policy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = Network()

        def forward(self, x: Tensor, s: Tensor, k: Tensor) -> Tensor:
            return self.net(x + s, k)

    point = r"\sqrt{\bar\alpha_k} a_0 + \sqrt{1 - \bar\alpha_k} \epsilon"
    text = rf"\min_\theta E_{{s, a_0, \epsilon, k}}\|\epsilon - \epsilon_\theta({point}, s, k)\|^2"
    net, (x, e, t) = Policy().double(), batch()
    o: Any = f2d.compile(text, {r"\epsilon_\theta": net}, scaffold=True, dims={"a_0": D, "s": D}).double()
    a, s = ALPHA_BAR[t.long() - 1][:, None], torch.ones(N, D, dtype=torch.float64)
    expected = (e - net(a.sqrt() * x + (1 - a).sqrt() * e, s, t)).square().sum(-1).mean()
    assert_close(o(a_0=x, s=s, noise={"k": t, "epsilon": e}).loss, expected)


def test_the_time_is_the_index_of_the_point() -> None:
    text = r"\min_\theta E_{s,t,x_0,x_1}\|v_\theta(x_t, t) - (x_1 - x_0)\|^2 + \|s\|^2"
    o: Any = f2d.compile(text, scaffold=True, dims={"x_1": D, "s": D})
    assert sorted(each.name for each in o.inputs) == ["s", "x_1"]


@pytest.mark.parametrize(
    "text",
    [
        r"\max_\theta E_{p(x_0,x_1)}[\log p(x_1|x_0)]",
        r"\min_\theta -\log p(x_1|x_0)",
        r"\max \log p(x_1|x_0) + \log p(x_2|x_1)",
        r"\max \sum_{t=1}^T \log p(x_t|x_{t-1}, x_0)",
    ],
)
def test_models_of_steps_are_no_noise(text: str) -> None:
    o: Any = f2d.compile(text, scaffold=True, dims={"x": D, "x_0": D, "x_1": D, "x_2": D})
    assert "beta" not in o.source
    assert list(o.parameters())


def test_a_model_of_the_next_step_is_no_way_back() -> None:
    text = r"\max_\theta E_{q(x_{1:T}|x_0)}[\sum_{t=1}^T \log p_\theta(x_t|x_{t-1})]"
    o: Any = f2d.compile(text, scaffold=True, dims={"x_0": D})
    assert not any("mu_theta" in str(each) for each in o.assumptions)


@pytest.mark.parametrize("step", [r"(1 - \beta_s)", r"\alpha_s"])
def test_schedules_that_are_read_inside_of_others(step: str) -> None:
    r"""``\bar\alpha_t = \prod_{s=1}^t \alpha_s`` with nothing said of \alpha_s: never 1 at every step."""
    text = [
        r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon - \epsilon_\theta(x_t, t)\|^2",
        rf"x_t = \sqrt{{\bar\alpha_t}} x_0 + \sqrt{{1-\bar\alpha_t}} \epsilon; \bar\alpha_t = \prod_{{s=1}}^t {step}",
    ]
    net, (x, e, t) = Network().double(), batch()
    o: Any = f2d.compile(text, {r"\epsilon_\theta": net}, scaffold=True, dims={"x_0": D}).double()
    a = ALPHA_BAR[t.long() - 1][:, None]
    expected = (e - net(a.sqrt() * x + (1 - a).sqrt() * e, t)).square().sum(-1).mean()
    assert_close(o(x_0=x, noise={"t": t, "epsilon": e}).loss, expected)


@pytest.mark.parametrize(
    "loss",
    [
        r"E_{t,x_0,x_1}\|v_\theta(x_t, t) - (x_1 - x_0)\|^2",
        r"E_{t \sim U[0,1],x_0,x_1}\|v_\theta(x_t, t) - (x_1 - x_0)\|^2",
    ],
)
def test_straight_lines(loss: str) -> None:
    net, (x, e, t) = Network().double(), batch()
    o: Any = f2d.compile(rf"\min_\theta {loss}", {r"v_\theta": net}, scaffold=True, dims={"x_1": D}).double()
    t = t / T
    x_t = (1 - t)[:, None] * e + t[:, None] * x
    expected = (net(x_t, t) - (x - e)).square().sum(-1).mean()
    assert_close(o(x_1=x, noise={"t": t, "x_0": e}).loss, expected)
    assert [each.name for each in o.inputs] == ["x_1"]


def test_a_network_of_each_time_is_one_network() -> None:
    o: Any = f2d.compile(
        r"\min_\theta E_{t,x_0,x_1}\|u^\theta_t(x_t) - (x_1 - x_0)\|^2", scaffold=True, dims={"x_1": D}
    ).double()
    assert "self.u_theta(x_t, t)" in o.source


BOUNDS = {
    "expectations of their own": r"\max E_{q(x_1|x_0)}[\log p_\theta(x_0|x_1)]"
    r" - \sum_{t=2}^T E_{q(x_t|x_0)} KL[q(x_{t-1}|x_t,x_0) \| p_\theta(x_{t-1}|x_t)] - C",
    "no expectation": r"\max E_{q(x_1|x_0)}[\log p_\theta(x_0|x_1)]"
    r" - \sum_{t=2}^T KL[q(x_{t-1}|x_t,x_0) \| p_\theta(x_{t-1}|x_t)]",
    "of joints": r"\max E_q[\log \frac{p_\theta(x_{0:T})}{q(x_{1:T}|x_0)}]",
    "of q": r"\max E_q[\log p_\theta(x_0|x_1) - \sum_{t>1} KL[q(x_{t-1}|x_t,x_0) \| p_\theta(x_{t-1}|x_t)]]",
}


SCHEDULES = {
    "": torch.linspace(1e-4, 0.02, 5, dtype=torch.float64),
    r"\alpha_t = 1 - 0.004 t": 0.004 * torch.arange(1, 6, dtype=torch.float64),
    r"\bar\alpha_t = 1 - 0.01 t": 0.01 / (1 - 0.01 * torch.arange(5, dtype=torch.float64)),
}


@pytest.mark.parametrize(("name", "said"), [*((each, "") for each in BOUNDS), *(("of q", each) for each in SCHEDULES)])
def test_bounds(name: str, said: str) -> None:
    """Each step by hand, at the mean of many draws: the network is 0, so that a KL is known in closed form."""

    class Zero(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.none = nn.Parameter(torch.zeros((), dtype=torch.float64))

        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            return self.none * x

    steps = 5
    o: Any = f2d.compile(
        [BOUNDS[name], f"T = {steps}", *([said] if said else [])],
        {r"\mu_\theta": Zero()},
        scaffold=True,
        dims={"x_0": D},
    ).double()
    beta = SCHEDULES[said]
    bar = torch.cumprod(1 - beta, 0)
    x = torch.full((40_000, D), 0.05, dtype=torch.float64)
    expected = D * (-0.5 * torch.log(2 * torch.pi * beta[0])) - D * 0.05**2 / (2 * beta[0])
    for t in range(2, steps + 1):
        b, a, before = beta[t - 1], bar[t - 1], bar[t - 2]
        variance = (1 - before) / (1 - a) * b
        by_data, by_noise = before.sqrt() * b / (1 - a), (1 - b).sqrt() * (1 - before) / (1 - a)
        mean = (by_data + by_noise * a.sqrt()) * 0.05
        square = mean**2 + by_noise**2 * (1 - a)
        expected = expected - D * 0.5 * ((variance + square) / b - 1 - torch.log(variance / b))
    if name == "of joints":
        a = bar[-1]
        expected = expected - D * 0.5 * (a * 0.05**2 + (1 - a) - 1 - torch.log(1 - a))
    torch.manual_seed(0)
    assert_close(o(x_0=x).value.detach(), expected, rtol=0.02, atol=0.02)
