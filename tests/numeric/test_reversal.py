r"""A chain that is drawn backwards by its declared steps: against the loop of Ho et al. 2020, algorithm 2."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import AtTime

T, N, D = 5, 3, 2
BETA = torch.linspace(0.05, 0.4, T, dtype=torch.float64)
BOUND = (
    r"\min_\theta E_{q(x_{1:T}|x_0)}[KL[q(x_T|x_0) \| p(x_T)] - \log p_\theta(x_0|x_1)"
    r" + \sum_{t=2}^T KL[q(x_{t-1}|x_t, x_0) \| p_\theta(x_{t-1}|x_t)]]"
)
STEP = r"q(x_t|x_{t-1}) = \mathcal{N}(x_t; \sqrt{1 - \beta_t} x_{t-1}, \beta_t I)"
START = r"p(x_T) = \mathcal{N}(x_T; 0, I); x_0 \sim p_{data}; x_0 \in \mathbb{R}^2"
BACK = {
    "a network": r"p_\theta(x_{t-1}|x_t) = \mathcal{N}(x_{t-1}; \mu_\theta(x_t, t), \beta_t I)",
    "a formula": (
        r"p_\theta(x_{t-1}|x_t) = \mathcal{N}(x_{t-1}; \frac{1}{\sqrt{1-\beta_t}}(x_t -"
        r" \frac{\beta_t}{\sqrt{1-\bar\alpha_t}} \epsilon_\theta(x_t, t)), \beta_t I)"
        r"; \bar\alpha_t = \prod_{s=1}^t (1 - \beta_s)"
    ),
}


def mean(name: str, net: nn.Module, x: Tensor, t: int) -> Tensor:
    said, bar = net(x, torch.full((len(x),), t)), torch.cumprod(1 - BETA, 0)[t - 1]
    beta = BETA[t - 1]
    return said if name == "a network" else (x - beta / (1 - bar).sqrt() * said) / (1 - beta).sqrt()


def drawn() -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {"x_0": torch.randn(N, D).double(), "steps": torch.randn(N, T, D).double()}


@pytest.mark.parametrize("name", BACK)
@pytest.mark.parametrize("own", [False, True])
def test_every_step_is_drawn_as_it_is_declared(name: str, own: bool) -> None:
    net, last, noise = AtTime(D, T), nn.Linear(D, D).double(), drawn()
    text = [BOUND, STEP, START, BACK[name], *([r"p_\theta(x_0|x_1) = \mathcal{N}(x_0; g(x_1), 0.01 I)"] if own else [])]
    bound = {r"\mu_\theta" if name == "a network" else r"\epsilon_\theta": net, r"\beta_t": BETA}
    o: Any = f2d.compile(text, bound | ({"g": last} if own else {})).double()
    x = noise["x_0"]
    with torch.no_grad():
        for i, t in enumerate(range(T, int(own), -1)):
            x = mean(name, net, x, t) + BETA[t - 1].sqrt() * noise["steps"][:, i]
        if own:
            x = last(x) + 0.1 * noise["steps"][:, -1]
    assert_close(o.sample(N, noise=noise)["x_0"], x)
    assert o.sample()["x_0"].shape == (1, D)
    assert "sample goes from x_T to x_0, by p_theta(x_{t-1}|x_t)" in map(str, o.assumptions)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"n": 0}, "F2D-0708"),
        ({"steps": 3}, "F2D-0495"),
        ({"mean": True}, "F2D-0495"),
        ({"noise": {"steps": torch.zeros(1, T + 1, D)}}, "F2D-0606"),
        ({"noise": {"z": torch.zeros(1)}}, "F2D-0604"),
    ],
)
def test_what_the_sampler_does_not_take(given: dict[str, Any], code: str) -> None:
    o = f2d.compile([BOUND, STEP, START, BACK["a network"]], {r"\mu_\theta": AtTime(D, T), r"\beta_t": BETA})
    with pytest.raises(f2d.FormulaError) as caught:
        o.sample(**given)
    assert [each.code for each in caught.value.diagnostics] == [code]


def test_the_sampler_needs_the_size_of_the_data() -> None:
    kernel = {r"\mu_\theta": AtTime(D, T), r"\beta_t": BETA}
    sized = [BOUND, STEP, START.rpartition(";")[0], BACK["a network"]]
    assert f2d.compile(sized, kernel, dims={"x_0": D}).sample(2)["x_0"].shape == (2, D)
    sizeless = f2d.compile([BOUND, STEP, START.rpartition(";")[0], BACK["a network"]], kernel)
    assert "def sample" not in sizeless.source
