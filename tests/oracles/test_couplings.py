r"""Flow matching along minibatch plans: against the pairing of torchcfm's exact optimal transport, by hand.

Its ``OTPlanSampler`` pairs a batch of both ends by the plan that costs least in squared distance, and the loss is that
of the pairs. With as many rows on both sides the plan is an assignment, here found by trying all of them; the library
draws pairs from it with replacement, which has the same mean.
"""

from __future__ import annotations

from itertools import permutations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError
from tests.numeric.networks import AtTime
from tests.support.agreement import assert_agrees
from tests.support.default_agreement import assert_defaults_agree

N, D = 6, 2
LOSS = r"\min_\theta \mathbb{E}_{t, (x_0, x_1) \sim \pi}\|v_\theta(x_t, t) - (x_1 - x_0)\|^2"
PATH = [r"x_t = (1 - t) x_0 + t x_1, \quad t \sim \mathcal{U}(0, 1)", r"x_1 \in \mathbb{R}^2"]
NOISE = r"q_0 = \mathcal{N}(0, I), \quad q_1 = p_{data}"
PLANS = [
    [r"\pi = \mathrm{OT}(q_0, q_1)", NOISE],
    [r"\pi(x_0, x_1) = \mathrm{OT}(q_0(x_0), q_1(x_1)), \quad q_0(x_0) = \mathcal{N}(x_0; 0, I)"],
    [r"\pi = \mathrm{OT}(\mathcal{N}(0, I), p_{data})"],
    [r"\pi = \arg\min_{\pi \in \Pi(q_0, q_1)} \mathbb{E}_\pi \|x_0 - x_1\|^2", NOISE, r"\pi \in \Pi(q_0, q_1)"],
    [r"\pi = \arg\min_{\pi' \in \Pi(q_0, q_1)} \int \tfrac12 \|x_0 - x_1\|_2^2 \, d\pi'(x_0, x_1)", NOISE],
    [r"\pi = \arg\min_{\pi \in \Pi(q_0, q_1)} \int \|x_0 - x_1\|^2 \pi(x_0, x_1) dx_0 dx_1, x_0 \sim N(0, I)"],
    ["π = argmin_{π ∈ Π(q_0, q_1)} E_{(x_0, x_1) ~ π}[||x_0 - x_1||^2]", "q_0 = N(0, I)"],
    ["pi = OT(q_0, q_1); q_0 = N(0, I); x_1 ~ p_data"],
]
HEADS = [
    LOSS,
    r"\min_\theta \mathbb{E}_{t, \pi(x_0, x_1)}\|v_\theta(x_t, t) - (x_1 - x_0)\|^2",
    r"\min_\theta \mathbb{E}[\|v_\theta(x_t, t) - (x_1 - x_0)\|^2]; (x_0, x_1) \sim \pi",
    "min_θ E_{t, x_0, x_1 ~ π} ||v_θ(x_t, t) - (x_1 - x_0)||^2",
]


class Given(AtTime):
    """A vector from x, a time and one more number."""

    def __init__(self) -> None:
        super().__init__(D)
        self.label = nn.Linear(1, D).double()

    def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x, t) + self.label(y)


def paired(x_0: Tensor, x_1: Tensor) -> Tensor:
    """x_0 in the order of the assignment that costs least."""
    cost = torch.cdist(x_0, x_1) ** 2
    every = range(len(x_0))
    return x_0[list(min(permutations(every), key=lambda rows: sum(cost[rows[j], j].item() for j in every)))]


def batch() -> tuple[Tensor, Tensor, Tensor]:
    """Data, noise, times."""
    torch.manual_seed(5)
    return torch.randn(N, D).double() + 2, torch.randn(N, D).double(), torch.rand(N).double()


def loss(net: nn.Module, x_0: Tensor, x_1: Tensor, t: Tensor) -> Tensor:
    x_t = (1 - t[:, None]) * x_0 + t[:, None] * x_1
    return ((net(x_t, t) - (x_1 - x_0)) ** 2).sum(1).mean()


def check(text: list[str]) -> None:
    net, (x_1, x_0, t) = AtTime(D), batch()
    objective = f2d.compile(text, {r"v_\theta": net})
    found = objective(x_1=x_1, noise={"x_0": x_0, "t": t}).loss
    expected = loss(net, paired(x_0, x_1), x_1, t)
    assert_close(found, expected, rtol=1e-12, atol=1e-12)
    assert (found - loss(net, x_0, x_1, t)).abs() > 1e-3  # the order matters here
    weights = list(net.parameters())
    for ours, theirs in zip(torch.autograd.grad(found, weights), torch.autograd.grad(expected, weights), strict=True):
        assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("plan", PLANS)
def test_however_the_plan_is_said(plan: list[str]) -> None:
    check([LOSS, *PATH, *plan])


@pytest.mark.parametrize("head", HEADS)
def test_however_it_is_drawn_from(head: str) -> None:
    check([head, *PATH, *PLANS[0]])


@pytest.mark.parametrize("told", [r"z = (x_0, x_1), \quad", ""])
def test_conditional_flow_matching_over_a_pair(told: str) -> None:
    r"""``q(z) = \pi(x_0, x_1)``, as the paper writes it, with a path of some width."""
    net, (x_1, x_0, t) = AtTime(D), batch()
    text = [
        r"\min_\theta \mathbb{E}_{t, q(z), p_t(x|z)} \|v_\theta(x, t) - u_t(x|z)\|^2",
        rf"{told} q(z) = \pi(x_0, x_1), \quad \pi = \mathrm{{OT}}(q_0, q_1), \quad {NOISE}",
        r"p_t(x|z) = \mathcal{N}(x; t x_1 + (1 - t) x_0, \sigma^2 I), \quad u_t(x|z) = x_1 - x_0, \quad \sigma = 0.1",
        r"t \sim \mathcal{U}(0, 1), \quad x_1 \in \mathbb{R}^2",
    ]
    eps = torch.randn(N, D).double()
    found = f2d.compile(text, {r"v_\theta": net})(x_1=x_1, noise={"x_0": x_0, "t": t, "x": eps}).loss
    x_0 = paired(x_0, x_1)
    x_t = (1 - t[:, None]) * x_0 + t[:, None] * x_1 + 0.1 * eps
    assert_close(found, ((net(x_t, t) - (x_1 - x_0)) ** 2).sum(1).mean(), rtol=1e-12, atol=1e-12)


def test_both_ends_may_be_data() -> None:
    """The rows of both are passed as they come; x_0 is put in order."""
    net, (x_1, x_0, t) = AtTime(D), batch()
    objective = f2d.compile([LOSS, *PATH, PLANS[0][0], r"x_0 \in \mathbb{R}^2"], {r"v_\theta": net})
    assert [each.name for each in objective.inputs] == ["x_0", "x_1"]
    assert any("nothing says what q_0 is" in each for each in objective.assumptions)
    found = objective(x_0=x_0, x_1=x_1, noise={"t": t}).loss
    assert_close(found, loss(net, paired(x_0, x_1), x_1, t), rtol=1e-12, atol=1e-12)


def test_what_is_noise_is_put_in_order_and_labels_stay_with_their_data() -> None:
    r"""Time the other way round: the data is x_0, with labels of its own."""
    torch.manual_seed(3)
    net, (x_0, noise, t), y = Given(), batch(), torch.randn(N, 1).double()
    text = [
        r"\min_\theta \mathbb{E}_{t, (x_0, x_1) \sim \pi, y}\|v_\theta(x_t, t, y) - (x_1 - x_0)\|^2",
        r"x_t = (1 - t) x_0 + t x_1, \quad t \sim \mathcal{U}(0, 1)",
        r"\pi = \mathrm{OT}(p_{data}, \mathcal{N}(0, I)), \quad x_0 \in \mathbb{R}^2, \quad y \in \mathbb{R}^1",
    ]
    x_1 = paired(noise, x_0)
    x_t = (1 - t[:, None]) * x_0 + t[:, None] * x_1
    found = f2d.compile(text, {r"v_\theta": net})(x_0=x_0, y=y, noise={"x_1": noise, "t": t}).loss
    assert_close(found, ((net(x_t, t, y) - (x_1 - x_0)) ** 2).sum(1).mean(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("plan", PLANS[:4])
def test_the_reference_agrees(plan: list[str]) -> None:
    torch.manual_seed(0)
    for rows in (1, 5, 12):
        assert_agrees([LOSS, *PATH, *plan], {r"v_\theta": AtTime(D)}, {"x_1": torch.randn(rows, D).double()})


def test_the_reference_agrees_at_given_orders() -> None:
    assert_defaults_agree([LOSS, *PATH, r"\pi = \mathrm{OT}_{0.5}(q_0, q_1)", NOISE], {})


ENTROPIC = [
    r"\pi = \mathrm{OT}_\epsilon(q_0, q_1)",
    r"\pi = \arg\min_{\pi \in \Pi(q_0, q_1)} \mathbb{E}_\pi \|x_0 - x_1\|^2 - \epsilon H(\pi)",
    r"\pi = \arg\min_{\pi \in \Pi(q_0, q_1)} \mathbb{E}_\pi[\|x_0 - x_1\|^2] + \epsilon KL[\pi \| q_0 \otimes q_1]",
    r"\pi = \arg\min_{\pi \in \Pi(q_0, q_1)} \mathbb{E}_\pi[\tfrac12 \|x_0 - x_1\|^2] - \frac{\epsilon}{2} H(\pi)",
]


@pytest.mark.parametrize("plan", ENTROPIC)
def test_an_entropic_plan_of_little_entropy_is_the_assignment(plan: str) -> None:
    net, (x_1, x_0, t) = AtTime(D), batch()
    objective = f2d.compile([LOSS, *PATH, plan, NOISE, r"\epsilon = 0.001"], {r"v_\theta": net})
    assert any("entropic plan of the batch" in each for each in objective.assumptions)
    found = objective(x_1=x_1, noise={"x_0": x_0, "t": t}).loss
    assert_close(found, loss(net, paired(x_0, x_1), x_1, t), rtol=1e-12, atol=1e-12)
    order = torch.tensor([3, 3, 0, 1, 5, 4])
    given = objective(x_1=x_1, noise={"x_0": x_0, "t": t, "order of x_0": order}).loss
    assert_close(given, loss(net, x_0[order], x_1, t), rtol=1e-12, atol=1e-12)


def test_samples_follow_the_differential_equation_alone() -> None:
    objective = f2d.compile([LOSS, *PATH, *PLANS[0]], {r"v_\theta": AtTime(D)})
    independent = f2d.compile(
        [LOSS.replace(r"(x_0, x_1) \sim \pi", "x_0, x_1"), *PATH, r"x_0 \sim \mathcal{N}(0, I), x_1 \sim p_{data}"],
        {r"v_\theta": AtTime(D)},
    )
    noise = {"x_1": torch.randn(3, D).double()}
    for settings in ({"steps": 7}, {"steps": 4, "order": 2}):
        ours, theirs = (each.sample(3, noise=noise, **settings)["x_1"] for each in (objective, independent))
        assert_close(ours, theirs)
    assert_close(objective.sample(3, noise=noise, eta=0.0)["x_1"], objective.sample(3, noise=noise)["x_1"])
    for settings in ({"eta": 1.0}, {"corrections": 2}):
        with pytest.raises(FormulaError, match="F2D-0542"):
            objective.sample(3, **settings)


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (r"\pi \in \Pi(q_0, q_1)", "F2D-0540"),
        (r"\pi = \arg\min_{\pi \in \Pi(q_0, q_1)} \mathbb{E}_\pi \|x_0 - x_1\|", "F2D-0540"),
        (r"\pi = \arg\min_{\pi \in \Pi(q_0, q_1)} \mathbb{E}_\pi c(x_0, x_1)", "F2D-0540"),
        (r"\pi = \arg\min_{\pi \in \Pi(q_0, q_1)} \mathbb{E}_\pi \|x_0 - x_1\|^2 + \epsilon \|x_0\|^2", "F2D-0540"),
        (r"\pi = \mathrm{OT}(q_0, q_1), \quad x_0 \in \mathbb{R}^3", "F2D-"),
    ],
)
def test_what_is_not_said_is_refused(plan: str, code: str) -> None:
    with pytest.raises(FormulaError, match=code):
        f2d.compile([LOSS, *PATH, plan, NOISE], scaffold=True)
