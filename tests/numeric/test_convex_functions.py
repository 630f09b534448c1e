r"""A given convex function's derivative and conjugate, against formulas by hand (Nowozin et al. 2016, table 6)."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

RATIO = r"\min_\phi E_{p_{data}(x)}[-f'(r_\phi(x))] + E_{q(x)}[f^\dagger(f'(r_\phi(x)))]"
CRITIC = r"\max_T E_{p_{data}(x)}[T(x)] - E_{p(x)}[f^*(T(x))]"


class Positive(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(3, 1).double()

    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(self.layer(x))


class Negative(Positive):
    """Slopes that every function below has, where numbers are positive: below -0.1."""

    def forward(self, x: Tensor) -> Tensor:
        return -0.1 - torch.exp(self.layer(x))


def _value(formula: list[str], name: str, net: nn.Module) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    letter = "q" if name == "r_phi" else "p"
    bound = {name: net, f"{letter}(x)": f2d.Normal(loc=0.5, scale=2.0, event_shape=3)}
    objective = f2d.compile(formula, bound)
    torch.manual_seed(1)
    x, noise = torch.randn(6, 3, dtype=torch.float64), torch.randn(6, 3, dtype=torch.float64)
    out = objective(x=x, noise={"x": noise})
    return x, 0.5 + 2.0 * noise, out.value, list(torch.autograd.grad(out.value, list(net.parameters())))


@pytest.mark.parametrize(
    ("f", "slope", "conjugate"),
    [
        (r"u \log u", lambda r: r.log() + 1, lambda r: r),
        (r"-\log u", lambda r: -1 / r, lambda r: r.log() - 1),
        ("(u - 1)^2", lambda r: 2 * (r - 1), lambda r: r**2 - 1),
        (r"(\sqrt u - 1)^2", lambda r: 1 - r**-0.5, lambda r: r.sqrt() - 1),
        (r"u \log u - (u + 1) \log(u + 1)", lambda r: (r / (1 + r)).log(), lambda r: (1 + r).log()),
        (r"-(u + 1) \log \frac{1 + u}{2} + u \log u", lambda r: (2 * r / (1 + r)).log(), lambda r: ((1 + r) / 2).log()),
        (r"\frac{4}{3} u^{3/2}", lambda r: 2 * r**0.5, lambda r: 2 / 3 * r**1.5),
    ],
)
def test_the_conjugate_of_the_derivative(f: str, slope, conjugate) -> None:  # type: ignore[no-untyped-def]
    net = Positive()
    x, drawn, value, gradient = _value([RATIO, f"f(u) = {f}"], "r_phi", net)
    expected = -slope(net(x)).mean() + conjugate(net(drawn)).mean()
    assert_close(value, expected)
    assert_close(gradient, list(torch.autograd.grad(expected, list(net.parameters()))))


@pytest.mark.parametrize(
    ("f", "conjugate"),
    [
        (r"u \log u", lambda t: torch.exp(t - 1)),
        (r"-\log u", lambda t: -1 - torch.log(-t)),
        ("(u - 1)^2", lambda t: t**2 / 4 + t),
        (r"(\sqrt u - 1)^2", lambda t: t / (1 - t)),
        (r"u \log u - (u + 1) \log(u + 1)", lambda t: -torch.log(1 - torch.exp(t))),
        (r"-(u + 1) \log \frac{1 + u}{2} + u \log u", lambda t: -torch.log(2 - torch.exp(t))),
    ],
)
def test_the_conjugate_of_a_critic(f: str, conjugate) -> None:  # type: ignore[no-untyped-def]
    net = Negative()
    x, drawn, value, gradient = _value([CRITIC, f"f(v) = {f.replace('u', 'v')}"], "T", net)
    expected = net(x).mean() - conjugate(net(drawn)).mean()
    assert_close(value, expected)
    assert_close(gradient, list(torch.autograd.grad(expected, list(net.parameters()))))


def test_the_conjugate_by_its_own_definition() -> None:
    formula = [CRITIC, r"f(u) = u \log u", r"f^*(t) = \sup_u \{u t - f(u)\}"]
    net = Negative()
    x, drawn, value, _ = _value(formula, "T", net)
    assert_close(value, net(x).mean() - torch.exp(net(drawn) - 1).mean())


def test_what_the_text_says_itself_wins() -> None:
    net = Negative()
    x, drawn, value, _ = _value([CRITIC, r"f^*(t) = t^2", r"f(u) = u \log u"], "T", net)
    assert_close(value, net(x).mean() - (net(drawn) ** 2).mean())


def test_a_ratio_by_default_is_positive() -> None:
    formula = [RATIO.replace("q(x)", r"q_\theta(x)"), r"f(u) = u \log u", r"x \in \mathbb{R}^3"]
    objective = f2d.compile(formula, scaffold=True)
    assert "r_phi is the exponential of a small network: it stands under a log" in objective.assumptions
    assert all(bool(objective(x=10 * torch.randn(200, 3)).value.isfinite()) for _ in range(3))


@pytest.mark.parametrize(
    ("f", "code"),
    [(r"\log u", "F2D-0565"), (r"\frac12 |u - 1|", "F2D-0564"), (r"-u^2", "F2D-0565"), (r"g_\theta(u)", "F2D-0564")],
)
def test_functions_that_have_none_are_refused(f: str, code: str) -> None:
    with pytest.raises(f2d.FormulaError) as refused:
        f2d.compile([RATIO, f"f(u) = {f}", r"x \in \mathbb{R}^3"], scaffold=True)
    assert [each.code for each in refused.value.diagnostics] == [code]
