r"""Equations in differentials that are drawn to a mean, against the published laws and against simulated paths.

The simulation is Euler's and Maruyama's, written here; the laws are those of Vasicek's process (textbook), of Grad-TTS
(Popov et al. 2021, equations 10 and 11) and of the mean-reverting process of Luo et al. 2023 (equation 6).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

PATHS, STEPS = 20_000, 1_000
START, TIME = 2.0, 0.8


class Same(nn.Module):
    """x itself, times a number that is 1."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return self.one * x


def law(*equations: str, given: str = "", end: float = TIME, **data: float) -> tuple[Tensor, Tensor]:
    """Mean and deviation of x_t from x_0 = 2, by ``E ||x_t||^2`` at the noise 0 and at the noise 1."""
    text = [
        rf"\min_\theta E_{{t,x_0}} E_{{p(x_t|x_0{given})}} \|f_\theta(x_t)\|^2",
        *equations,
        r"t \sim U(0,1); x_0 \sim p_{data}; x_0 \in \mathbb{R}",
    ]
    o: Any = f2d.compile(text, {r"f_\theta": Same()}).double()
    assert any("follows from" in str(each) for each in o.assumptions)
    batch = {"x_0": START, **data}
    columns = {name: torch.full((1,), value, dtype=torch.float64) for name, value in batch.items()}
    times = torch.full((1,), end, dtype=torch.float64)
    at_0, at_1 = (
        o(**columns, noise={"t": times, "x_t": torch.full((1,), e, dtype=torch.float64)}).loss.sqrt()
        for e in (0.0, 1.0)
    )
    return at_0.detach(), (at_1 - at_0).detach()


def simulated(drift: Callable[[Tensor, float], Tensor], diffusion: Callable[[float], float]) -> Tensor:
    """x at the end of so many paths of Euler and Maruyama."""
    torch.manual_seed(0)
    x, h = torch.full((PATHS,), START, dtype=torch.float64), TIME / STEPS
    for k in range(STEPS):
        # each coefficient in the middle of the step
        middle = (k + 0.5) * h
        x = x + drift(x, middle) * h + diffusion(middle) * h**0.5 * torch.randn_like(x)
    return x


EQUATIONS: dict[str, tuple[tuple[str, ...], Callable[[Tensor, float], Tensor], Callable[[float], float]]] = {
    "a number": (("dx = k(m - x) dt + g dw", "k = 1.5; m = 3; g = 0.7"), lambda x, t: 1.5 * (3 - x), lambda t: 0.7),
    "a rate of time by index": (
        (r"dx_t = \theta_t (m - x_t) dt + \sqrt{2\theta_t} dw_t", r"\theta_s = 0.5 + 2 s; m = 3"),
        lambda x, t: (0.5 + 2 * t) * (3 - x),
        lambda t: (2 * (0.5 + 2 * t)) ** 0.5,
    ),
    "a rate of time by argument": (
        (r"dx = -\frac12\beta(t)(x - m) dt + \sqrt{\beta(t)} dw", r"\beta(t) = 0.1 + 4 t; m = 3"),
        lambda x, t: -0.5 * (0.1 + 4 * t) * (x - 3),
        lambda t: (0.1 + 4 * t) ** 0.5,
    ),
    "a force that grows": (
        ("dx = (a t - b x) dt + dw", "a = 3; b = 2"),
        lambda x, t: 3 * t - 2 * x,
        lambda t: 1.0,
    ),
    "a force that swings": (
        (r"dx = k(m + \sin(4 t) - x) dt + dw", "k = 2; m = 1"),
        lambda x, t: 2 * (1 + torch.sin(torch.tensor(4 * t, dtype=torch.float64)) - x),
        lambda t: 1.0,
    ),
    "a force alone": (("dx = a dt + g dw", "a = 3; g = 0.5"), lambda x, t: torch.full_like(x, 3.0), lambda t: 0.5),
    "a name that stands for the time": (
        (r"dx = -k x dt + \sqrt{2 k} dw", "k = 1 + t"),
        lambda x, t: -(1 + t) * x,
        lambda t: (2 * (1 + t)) ** 0.5,
    ),
    "drawn to where it began": (("dx = k(x_0 - x) dt + dw", "k = 2"), lambda x, t: 2 * (START - x), lambda t: 1.0),
    "pushed by where it began": (("dx = x_0 dt + dw",), lambda x, t: torch.full_like(x, START), lambda t: 1.0),
}


@pytest.mark.parametrize("name", EQUATIONS)
def test_laws_are_those_of_simulated_paths(name: str) -> None:
    """Within six deviations of the mean and of the variance of so many paths, and the error of a step."""
    equations, drift, diffusion = EQUATIONS[name]
    mean, scale = law(*equations)
    x = simulated(drift, diffusion)
    step = 8 * TIME / STEPS
    assert abs(x.mean() - mean) < 6 * scale / PATHS**0.5 + step
    assert abs(x.var() - scale**2) < 6 * scale**2 * (2 / PATHS) ** 0.5 + step


def test_laws_are_those_of_the_papers() -> None:
    """Three processes with means of data, at several times."""
    for t in (0.05, 0.5, 1.0):
        t_ = torch.tensor(t, dtype=torch.float64)
        left = torch.exp(-1.5 * t_)
        mean, scale = law("dx = k(m - x) dt + g dw", "k = 1.5; m = 3; g = 0.7", end=t)
        assert_close(mean, START * left + 3 * (1 - left))
        assert_close(scale**2, 0.7**2 / (2 * 1.5) * (1 - left**2))

        whole = 0.05 * t_ + (20 - 0.05) * t_**2 / 2
        equations = r"dx_t = \frac12 (\mu - x_t) \beta_t dt + \sqrt{\beta_t} dw_t", r"\beta_t = 0.05 + t (20 - 0.05)"
        mean, scale = law(*equations, r"\mu \in \mathbb{R}", given=r", \mu", end=t, mu=0.7)
        assert_close(mean, (1 - torch.exp(-whole / 2)) * 0.7 + torch.exp(-whole / 2) * START)
        assert_close(scale**2, 1 - torch.exp(-whole), rtol=1e-6, atol=1e-9)

        whole = t_ + t_**2 / 2
        equations = (
            r"dx_t = \theta_t(\mu - x_t) dt + \sigma_t dw_t",
            r"\sigma_t^2 = 2 \lambda^2 \theta_t; \lambda = 0.5; \theta_t = 1 + t",
        )
        mean, scale = law(*equations, r"\mu \in \mathbb{R}", given=r", \mu", end=t, mu=0.7)
        assert_close(mean, 0.7 + (START - 0.7) * torch.exp(-whole))
        assert_close(scale**2, 0.25 * (1 - torch.exp(-2 * whole)), rtol=1e-6, atol=1e-9)


def test_a_mean_may_be_what_a_network_says() -> None:
    """Its parameters are trained through the law."""
    text = [
        r"\min E_{t,x_0} E_{p(x_t|x_0, y)} \|s_\theta(x_t, t) - \nabla_{x_t}\log p(x_t|x_0, y)\|^2",
        r"dx = \beta(t)(\mu_\phi(y) - x) dt + \sqrt{2 \beta(t)} dw; \beta(t) = 1 + t",
        r"t \sim U(0, 1); x_0 \sim p_{data}; x_0 \in \mathbb{R}^2; \mu_\phi(y) \in \mathbb{R}^2",
    ]

    class Score(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Linear(3, 2)

        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            return self.body(torch.cat([x, t[:, None]], 1))  # type: ignore[no-any-return]

    o: Any = f2d.compile(text, {r"s_\theta": Score(), r"\mu_\phi": nn.Linear(3, 2)}).double()
    torch.manual_seed(0)
    x, e = torch.randn(2, 5, 2, dtype=torch.float64).unbind()
    y, t = torch.randn(5, 3, dtype=torch.float64), torch.linspace(0.1, 1, 5, dtype=torch.float64)
    left = torch.exp(-(t + t**2 / 2))[:, None]
    mu, scale = o.mu_phi(y), (1 - left**2).sqrt()
    x_t = mu + left * (x - mu) + scale * e
    expected = (o.s_theta(x_t, t) + e / scale).square().sum(-1).mean()
    found = o(x_0=x, y=y, noise={"t": t, "x_t": e}).loss
    assert_close(found, expected)
    wanted = torch.autograd.grad(expected, list(o.mu_phi.parameters()))
    assert_close(torch.autograd.grad(found, list(o.mu_phi.parameters())), wanted)


SCORE = r"\min_\theta E_{t,x_0} E_{p(x_t|x_0)}\|s_\theta(x_t) - \nabla_{x_t}\log p(x_t|x_0)\|^2"


@pytest.mark.parametrize(
    ("equations", "code"),
    [
        ([r"dx = k(x_T - x) dt + dw", "k = 1"], "F2D-0571"),
        ([r"dx = -\beta_t x dt + \sqrt{2\beta_t} dw"], "F2D-0570"),
        (["dx = k(m - x^2) dt + dw", "k = 1; m = 2"], "F2D-0130"),
        (["dx = k(m - x) x dt + dw", "k = 1; m = 2"], "F2D-0130"),
        (["dx = k(m - x) dt + dw", "k = 1; m = x^2"], "F2D-0130"),
        ([r"dx = f_\theta(-x) dt + dw"], "F2D-0130"),
        (["dx = h(-x) dt + dw", "h(z) = z^2"], "F2D-0130"),
        (["dx = k(m - x) dt + dw", r"k = 1; m \in \mathbb{R}^2"], "F2D-0319"),
        (["dx = k(m - x) dt + dw", r"k = 1; m = \tanh(t)"], "F2D-0212"),
    ],
)
def test_refusals(equations: list[str], code: str) -> None:
    """Each where it stands."""
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile([SCORE, *equations, r"t \sim U(0,1); x_0 \sim p_{data}; x_0 \in R^2"], scaffold=True)
    assert code in [each.code for each in caught.value.diagnostics]
