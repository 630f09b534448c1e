r"""Schedules: numbers at each step, \bar\alpha_t = \prod_{s=1}^t \alpha_s, read at bound and at drawn steps."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees

T = 5
BETA = torch.linspace(0.1, 0.5, T, dtype=torch.float64)
ALPHA_BAR = [math.prod(1 - b for b in BETA.tolist()[: t + 1]) for t in range(T)]
BEFORE = [1.0, *ALPHA_BAR[:-1]]
TILDE = [(1 - b) / (1 - a) * beta for a, b, beta in zip(ALPHA_BAR, BEFORE, BETA.tolist(), strict=True)]
COSINE = [math.cos(math.pi / 2 * (t / T + 0.008) / 1.008) ** 2 for t in range(T + 1)]

PRODUCT = r"\bar\alpha_t = \prod_{s=1}^t (1-\beta_s)"
OF_ALPHA = [r"\bar\alpha_t = \prod_{s=1}^t \alpha_s", r"\alpha_t = 1 - \beta_t"]
POSTERIOR = r"\tilde\beta_t = \frac{1-\bar\alpha_{t-1}}{1-\bar\alpha_t}\beta_t"
RECURSION = [r"\bar\alpha_t = \alpha_t \bar\alpha_{t-1}", r"\bar\alpha_0 = 1", r"\alpha_t = 1 - \beta_t"]
SQUARES = r"\bar\alpha_t = \cos^2(\frac{\pi}{2}\frac{t/T+s}{1+s}); s=0.008; T=5"
BOUND = {r"\beta_t": BETA}

#: What is read, what defines it, what is bound, and its values at t = 1, ..., T.
READ: dict[str, tuple[str, list[str], dict[str, Any], list[float]]] = {
    "a product": (r"\bar\alpha_t", [PRODUCT], BOUND, ALPHA_BAR),
    "a product of what is defined": (r"\bar\alpha_t", OF_ALPHA, BOUND, ALPHA_BAR),
    "the step before": (r"\bar\alpha_{t-1}", [PRODUCT], BOUND, BEFORE),
    "two steps before": (r"\bar\alpha_{t-2}", [PRODUCT], BOUND, [1.0, *BEFORE[:-1]]),
    "a posterior variance": (r"\tilde\beta_t", [POSTERIOR, PRODUCT], BOUND, TILDE),
    "a recursion": (r"\bar\alpha_t", RECURSION, BOUND, ALPHA_BAR),
    "a recursion, the step before": (r"\bar\alpha_{t-1}", RECURSION, BOUND, BEFORE),
    "a recursion with a summand": (
        r"v_t",
        [r"v_t = (1-\beta_t) v_{t-1} + \beta_t", "v_0 = 0"],
        BOUND,
        [1 - a for a in ALPHA_BAR],
    ),
    "a function of the step": (r"\bar\alpha_t", [SQUARES], {}, COSINE[1:]),
    "a function of the step before": (r"\bar\alpha_{t-1}", [SQUARES], {}, COSINE[:-1]),
    "a ratio": (
        r"\beta_t",
        [r"\beta_t = 1 - \frac{\bar\alpha_t}{\bar\alpha_{t-1}}", SQUARES],
        {},
        [1 - b / a for a, b in zip(COSINE, COSINE[1:], strict=False)],
    ),
    "a product with a number": (r"a_t", [r"a_t = \prod_{s=1}^t 0.9"], {"T": T}, [0.9**t for t in range(1, T + 1)]),
    "a product that stops earlier": (r"a_t", [r"a_t = \prod_{s=1}^{t-1} (1-\beta_s)"], BOUND, BEFORE),
    "a sum": (r"a_t", [r"a_t = \sum_{s=1}^t \beta_s"], BOUND, BETA.cumsum(0).tolist()),
    "a function of a schedule": (
        "w(t)",
        [r"w(t) = \frac{\bar\alpha_t}{1-\bar\alpha_t}", PRODUCT],
        BOUND,
        [a / (1 - a) for a in ALPHA_BAR],
    ),
}
X = torch.tensor([[3.0, 4.0]], dtype=torch.float64).expand(T, 2)
STEPS = torch.arange(1.0, T + 1, dtype=torch.float64)


def drawn(read: str, of: str = "x") -> list[str]:
    return [rf"\min E_{{t,x}}[\|{of}\|^2 {read}]", r"t \sim \mathcal{U}\{1,T\}; x \sim p_{data}"]


@pytest.mark.parametrize("name", READ)
def test_read_at_a_drawn_step(name: str) -> None:
    read, defined, bound, values = READ[name]
    o = f2d.compile([*drawn(read), *defined], bound, reduction="none")
    assert_close(o(x=X, noise={"t": STEPS}).loss, 25 * torch.tensor(values, dtype=torch.float64))


@pytest.mark.parametrize("name", READ)
def test_read_at_all_steps(name: str) -> None:
    """The schedule weighs something else at each step, so that no two of its values can be exchanged."""
    read, defined, bound, values = READ[name]
    text = [rf"\min E_{{x \sim p_{{data}}}} [\sum_{{t=1}}^T t \, \|x\| {read}]", *defined]
    o = f2d.compile(text, bound)
    assert_close(o(x=X).loss.item(), 5 * sum(t * value for t, value in enumerate(values, 1)))


@pytest.mark.parametrize("name", READ)
def test_generated_code_is_the_reference(name: str) -> None:
    read, defined, bound, _ = READ[name]
    f = torch.nn.Linear(2, 2).double()
    assert_agrees([*drawn(read, "f(x)"), *defined], {**bound, "f": f}, {"x": X})


def test_two_drawn_steps() -> None:
    text = [
        r"\min E_{t,s,x}[\|x\|^2 \frac{\bar\alpha_t}{\bar\alpha_s}]",
        r"t \sim \mathcal{U}\{1,T\}; s \sim \mathcal{U}\{1,T\}; x \sim p_{data}",
        r"\bar\alpha_t = \prod_{r=1}^t (1-\beta_r)",
    ]
    o = f2d.compile(text, BOUND, reduction="none")
    found = o(x=X, noise={"t": STEPS, "s": STEPS.flip(0)}).loss
    assert_close(found, 25 * torch.tensor([a / b for a, b in zip(ALPHA_BAR, ALPHA_BAR[::-1], strict=True)]).double())


def test_a_learned_schedule_has_a_gradient() -> None:
    text = [*drawn(r"\bar\alpha_t"), r"\bar\alpha_t = \prod_{s=1}^t \sigma(\gamma_s)"]
    gamma = torch.nn.Parameter(torch.linspace(-1, 1, T, dtype=torch.float64))
    o = f2d.compile(text, {r"\gamma_t": gamma})
    o(x=X, noise={"t": torch.full((T,), 3.0, dtype=torch.float64)}).loss.backward()
    with torch.no_grad():
        value = torch.sigmoid(gamma[:3]).prod()
        expected = torch.cat([25 * value * (1 - torch.sigmoid(gamma[:3])), torch.zeros(2, dtype=torch.float64)])
    assert gamma.grad is not None
    assert_close(gamma.grad, expected)


# -- refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ([*drawn(r"\bar\alpha_t"), r"\bar\alpha_t = \alpha_t \bar\alpha_{t-1}; \alpha_t = 1 - \beta_t"], "F2D-0423"),
        ([*drawn(r"a_t"), r"a_t = \beta_t a_{t-1}^2; a_0 = 1"], "F2D-0423"),
        ([*drawn(r"a_t"), r"a_t = \beta_t a_{t-2}; a_0 = 1"], "F2D-0423"),
        ([*drawn(r"a_t"), r"a_t = \prod_{s=1}^{t+1} \beta_s"], "F2D-0416"),
        ([r"\max E_{t \sim U\{1,T\}}[\prod_{s=1}^t p(x_s|x_{s-1})]"], "F2D-0412"),
    ],
)
def test_refusals(text: list[str], code: str) -> None:
    found = f2d.check(text, BOUND, scaffold=True)
    assert code in [each.code for each in found], found


def test_a_table_of_another_length() -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0322"):
        f2d.compile([*drawn(r"\bar\alpha_t"), PRODUCT, "T = 7"], BOUND)


def test_a_table_beside_data_that_say_how_many_steps_there_are() -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0322"):
        f2d.compile(r"\min \sum_{t=1}^T \beta_t \|x_t\|^2", BOUND)


def test_a_number_given_to_a_network() -> None:
    """``f(x, 1)``: a tensor of ones."""

    class Beside(torch.nn.Module):
        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            assert t.shape == x.shape[:1]
            return x + t[:, None]

    o = f2d.compile(r"\min \|f(x, 1)\|^2 + \|f(x, \beta)\|^2", {"f": Beside(), "beta": 2.0})
    assert_close(o(x=X).loss.item(), 4.0**2 + 5**2 + 5**2 + 6**2)


@pytest.mark.parametrize("low", ["10^{-5}", r"\frac{1}{100}", "a"])
def test_a_uniform_between_numbers_is_one_number(low: str) -> None:
    o = f2d.compile(
        rf"\min E_{{t, x}}[t \|x\|^2]; t \sim U({low}, 1); x \sim p_{{data}}", {"a": 0.5} if low == "a" else {}
    )
    u = torch.linspace(0, 0.9, T, dtype=torch.float64)
    least = {"10^{-5}": 1e-5, "a": 0.5}.get(low, 0.01)
    assert_close(o(x=X, noise={"t": u}).loss, 25 * (least + (1 - least) * u).mean())


def test_how_many_steps_is_said_or_refused() -> None:
    text = [
        r"\min E_{t,x}[\|x\|^2 a_t]",
        r"a_t = \prod_{s=1}^t 0.9^s",
        r"t \sim \mathcal{U}\{1, K + M\}; x \sim p_{data}",
    ]
    with pytest.raises(f2d.FormulaError, match="F2D-0452"):
        f2d.compile(text, {"K": 3, "M": 2})


def test_a_family_whose_parameters_are_computed_is_no_one_number() -> None:
    o = f2d.compile(r"\min E_{y \sim Laplace(f(x), 1)}[\|y\|^2]", scaffold=True, dims={"x": 3, "y": 2})
    text = r"\min E_{y \sim \mathrm{Exponential}(\exp(f(x)))}[\|y\|^2]"
    exponential = f2d.compile(text, {"f": torch.nn.Linear(3, 2)}, dims={"x": 3})
    assert o.sites[0].shape == (2,)
    drawn = exponential(x=torch.zeros(4, 3), noise={"y": torch.ones(4, 2)})
    assert drawn.loss.shape == ()


def test_a_negative_power_of_the_step() -> None:
    o = f2d.compile(r"\min E_{x \sim p_{data}}[\sum_{t=1}^T t^{-2} \|x\|]; T = 3")
    assert_close(o(x=X).loss.item(), 5 * (1 + 1 / 4 + 1 / 9))


def test_no_table_where_the_data_say_how_many_steps_there_are() -> None:
    """A schedule that is read beside data with the same steps is as long as they are."""
    text = [
        r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon - z_t - \epsilon_\theta(\sqrt{\bar\alpha_t} x_0, t)\|^2",
        r"\bar\alpha_t = \prod_{s=1}^t (1 - 0.1 s / 10); t \sim \mathcal{U}\{1, T\}; \epsilon \sim \mathcal{N}(0, I)",
        r"x_0 \sim p_{data}",
    ]
    o: Any = f2d.compile(text, {}, scaffold=True, dims={"x_0": 2, "z": 2})
    assert "register_buffer" not in o.source
    assert torch.isfinite(o(**o.example_batch(3)).loss)
