"""Diffusion by its noise: the schedule is a formula, or is bound, and its running product is read at a drawn step."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import gradients_of, oracle

STEPS = 1000
ALPHAS = [r"\bar\alpha_t = \prod_{s=1}^t \alpha_s", r"\alpha_t = 1 - \beta_t"]
LINEAR = [r"\beta_t = 10^{-4} + (0.02 - 10^{-4}) \frac{t - 1}{T - 1}"]
NOISED = r"\sqrt{\bar\alpha_t}x_0+\sqrt{1-\bar\alpha_t}\,\epsilon"
DRAWS = [r"t \sim \mathcal{U}\{1, T\}", r"x_0 \sim p_{data}", r"\epsilon \sim \mathcal{N}(0, I)"]
WRITTEN = {
    "as in the paper": [
        rf"\min_\theta \mathbb{{E}}_{{t,x_0,\epsilon}}\|\epsilon-\epsilon_\theta({NOISED},t)\|^2",
        *DRAWS,
    ],
    "with x_t defined": [
        r"\min_\theta \mathbb{E}_{t,x_0,\epsilon}\|\epsilon-\epsilon_\theta(x_t,t)\|^2",
        rf"x_t = {NOISED}",
        *DRAWS,
    ],
    "with draws under the expectation": [
        r"\min_\theta \mathbb{E}_{t \sim \mathcal{U}\{1, T\}, x_0 \sim p_{data}, \epsilon \sim \mathcal{N}(0, I)}"
        rf"\|\epsilon-\epsilon_\theta({NOISED},t)\|^2"
    ],
}


class Denoiser(nn.Module):
    """The oracle's network, which is handed (t - 1) / 1000."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.net(x, (t.unsqueeze(-1) - 1) / STEPS)


@pytest.mark.parametrize("schedule", ["written", "bound"])
@pytest.mark.parametrize("written", WRITTEN)
def test_prediction_of_the_noise(written: str, schedule: str) -> None:
    known = oracle("diffusers_ddpm_eps")
    nets = known.networks()
    text, bound = [*WRITTEN[written], *ALPHAS], {r"\epsilon_\theta": Denoiser(nets["eps"])}
    if schedule == "bound":
        bound[r"\beta_t"] = torch.linspace(1e-4, 0.02, STEPS)
    else:
        text += [*LINEAR, f"T = {STEPS}"]
    noise = {r"\epsilon": known.tensor("noise/noise"), "t": known.tensor("noise/t") + 1}
    out = f2d.compile(text, bound)({"x_0": known.tensor("input/x")}, noise=noise)
    out.loss.backward()
    assert_close(out.loss.item(), known.number("value"), rtol=2e-6, atol=0)
    assert_close(gradients_of(nets), known.gradients(), rtol=1e-4, atol=1e-6)


class Score(nn.Module):
    """The oracle's network as a score: it predicts the noise, and the score is that over the deviation, negative."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        alpha = torch.exp(-0.25 * t**2 * (20 - 0.1) - 0.5 * t * 0.1)
        return -self.net(x, t.unsqueeze(-1)) / torch.sqrt(1 - alpha**2).unsqueeze(-1)


SCORES = {
    "as in the paper": (
        r"\min_\theta \mathbb{E}_{t,x_0}\,\lambda(t)\,\mathbb{E}_{x_t|x_0}"
        r"\|s_\theta(x_t,t)-\nabla_{x_t}\log p_{0t}(x_t|x_0)\|^2"
    ),
    "with the density named": (
        r"\min_\theta \mathbb{E}_{t,x_0}\left[\lambda(t)\,\mathbb{E}_{p_{0t}(x_t|x_0)}\left[\left\|"
        r"s_\theta(x_t,t)-\nabla_{x_t}\log p_{0t}(x_t|x_0)\right\|^2\right]\right]"
    ),
}


@pytest.mark.parametrize("written", SCORES)
def test_scores_of_a_variance_preserving_process(written: str) -> None:
    known = oracle("scoresde_vp_dsm")
    nets = known.networks()
    text = [
        SCORES[written],
        r"\lambda(t) = \sigma_t^2",
        r"p_{0t}(x_t|x_0) = \mathcal{N}(x_t; \alpha_t x_0, \sigma_t^2 I)",
        r"\alpha_t = e^{-\frac14 t^2 (\beta_1-\beta_0) - \frac12 t \beta_0}, \quad \sigma_t = \sqrt{1-\alpha_t^2}",
        r"\beta_0 = 0.1, \quad \beta_1 = 20",
        r"t \sim \mathcal{U}(10^{-5}, 1), \quad x_0 \sim p_{data}",
    ]
    u = (known.tensor("noise/t") - 1e-5) / (1 - 1e-5)
    noise = {"t": u, "x_t": known.tensor("noise/z")}
    out = f2d.compile(text, {r"s_\theta": Score(nets["eps"])})({"x_0": known.tensor("input/x")}, noise=noise)
    out.loss.backward()
    assert_close(out.loss.item(), known.number("value"), rtol=1e-10, atol=1e-10)
    assert_close(gradients_of(nets), known.gradients(), rtol=1e-9, atol=1e-9)
