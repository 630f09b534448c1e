r"""Samplers of models that undo noise, from whatever their network predicts: against the papers' steps, and exactly."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import AtTime

T, N, D = 6, 3, 2
BETA = torch.linspace(0.05, 0.4, T, dtype=torch.float64)
ALPHA_BAR = torch.cumprod(1 - BETA, 0)
XT = [r"x_t = \sqrt{\bar\alpha_t} x_0 + \sqrt{1-\bar\alpha_t} \epsilon", r"\bar\alpha_t = \prod_{s=1}^t (1-\beta_s)"]
STEP = r"q(x_t|x_{t-1}) = \mathcal{N}(x_t; \sqrt{1-\beta_t} x_{t-1}, \beta_t I)"
DRAWS = r"t \sim \mathcal{U}\{1,T\}; x_0 \sim p_{data}"
NOISE = r"\epsilon \sim \mathcal{N}(0, I)"
TARGETS = {
    "noise": [r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon - f_\theta(x_t,t)\|^2", *XT, DRAWS, NOISE],
    "data": [r"\min_\theta E_{t,x_0,\epsilon}\|f_\theta(x_t,t) - x_0\|^2", *XT, DRAWS, NOISE],
    "velocity": [
        r"\min_\theta E_{t,x_0,\epsilon}\|\sqrt{\bar\alpha_t}\epsilon - \sqrt{1-\bar\alpha_t}x_0 - f_\theta(x_t,t)\|^2",
        *XT,
        DRAWS,
        NOISE,
    ],
    "data, of a process": [r"\min_\theta E_{t,x_0} E_{q(x_t|x_0)}\|x_0 - f_\theta(x_t,t)\|^2", STEP, DRAWS],
    "data, of a weight cut off": [
        r"\min_\theta E_{t,x_0,\epsilon}[\min(w(t), \gamma) \|x_0 - f_\theta(x_t,t)\|^2]",
        r"w(t) = \frac{\bar\alpha_t}{1-\bar\alpha_t}; \gamma = 5",
        *XT,
        DRAWS,
        NOISE,
    ],
    "weighted noise": [
        r"\min_\theta E_{t,x_0,\epsilon}[\frac{\beta_t}{2} \|3\epsilon - 2 f_\theta(x_t,t)\|^2]",
        *XT,
        DRAWS,
        NOISE,
    ],
}


def said(name: str, net: nn.Module, x: Tensor, t: int) -> tuple[Tensor, Tensor]:
    """Data and noise by the papers: Ho et al. 2020, Salimans and Ho 2022."""
    f, a = net(x, torch.full((len(x),), float(t))), ALPHA_BAR[t - 1]
    if name.startswith("data"):
        return f, (x - a.sqrt() * f) / (1 - a).sqrt()
    if name == "velocity":
        return a.sqrt() * x - (1 - a).sqrt() * f, a.sqrt() * f + (1 - a).sqrt() * x
    noise = 2 * f / 3 if name == "weighted noise" else f
    return (x - (1 - a).sqrt() * noise) / a.sqrt(), noise


def compiled(name: str, net: nn.Module) -> Any:
    return f2d.compile(TARGETS[name], {r"f_\theta": net, r"\beta_t": BETA}, dims={"x_0": D}).double()


def given_noise(steps: int = T) -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {"x_0": torch.randn(N, D, dtype=torch.float64), "steps": torch.randn(N, steps - 1, D, dtype=torch.float64)}


@pytest.mark.parametrize("name", TARGETS)
def test_ancestral_steps_are_those_of_the_paper(name: str) -> None:
    """Equations 6 and 7 of Ho et al. 2020, at what the network says of the data."""
    net, noise = AtTime(D, T), given_noise()
    x = (1 - ALPHA_BAR[-1]).sqrt() * noise["x_0"]
    with torch.no_grad():
        for i, t in enumerate(range(T, 1, -1)):
            data, _ = said(name, net, x, t)
            a, before, beta = ALPHA_BAR[t - 1], ALPHA_BAR[t - 2], BETA[t - 1]
            mean = before.sqrt() * beta / (1 - a) * data + (1 - beta).sqrt() * (1 - before) / (1 - a) * x
            x = mean + ((1 - before) / (1 - a) * beta).sqrt() * noise["steps"][:, i]
        expected = said(name, net, x, 1)[0]
    assert_close(compiled(name, net).sample(N, noise=noise)["x_0"], expected)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("steps", [T, 3])
def test_steps_without_draws_are_those_of_the_paper(name: str, steps: int) -> None:
    """Equation 12 of Song et al. 2021, sigma = 0, on all steps or some."""
    net, noise = AtTime(D, T), given_noise(steps)
    times = torch.linspace(T, 1, steps).round().int().tolist()
    x = (1 - ALPHA_BAR[-1]).sqrt() * noise["x_0"]
    with torch.no_grad():
        for t, s in zip(times, times[1:], strict=False):
            data, fresh = said(name, net, x, t)
            x = ALPHA_BAR[s - 1].sqrt() * data + (1 - ALPHA_BAR[s - 1]).sqrt() * fresh
        expected = said(name, net, x, 1)[0]
    assert_close(compiled(name, net).sample(N, eta=0.0, steps=steps, noise=noise)["x_0"], expected)


@pytest.mark.parametrize("turned", [False, True])
def test_a_flow_is_followed_from_noise_to_data(turned: bool) -> None:
    """Euler's method for dx/dt = v(x, t), from the end where the noise is, whichever that is."""
    net, steps = AtTime(D, T), 5
    path = r"x_t = t x_0 + (1-t) x_1" if turned else r"x_t = (1-t) x_0 + t x_1"
    speed = "x_0 - x_1" if turned else "x_1 - x_0"
    text = [
        rf"\min_\theta E_{{t,x_0,x_1}}\|v_\theta(x_t,t)-({speed})\|^2",
        path,
        r"t \sim \mathcal{U}(0,1); x_1 \sim p_{data}; x_0 \sim \mathcal{N}(0,I)",
    ]
    o: Any = f2d.compile(text, {r"v_\theta": net}, dims={"x_1": D}).double()
    torch.manual_seed(2)
    start = torch.randn(N, D, dtype=torch.float64)
    x, times = start, torch.linspace(1, 0, steps + 1) if turned else torch.linspace(0, 1, steps + 1)
    with torch.no_grad():
        for t, s in zip(times[:-1], times[1:], strict=True):
            x = x + (s - t) * net(x, t.expand(N))
    assert_close(o.sample(N, steps=steps, noise={"x_1": start})["x_1"], x)


SCORE = [
    r"\min_\theta E_{t,x_0}[\lambda(t) E_{x_t|x_0}\|s_\theta(x_t,t)-\nabla_{x_t}\log p_{0t}(x_t|x_0)\|^2]",
    r"\lambda(t)=\sigma_t^2; p_{0t}(x_t|x_0)=N(x_t;\alpha_t x_0,\sigma_t^2 I)",
    r"\alpha_t=\exp(-t); \sigma_t=\sqrt{1-\alpha_t^2}; t \sim U(0.001,4); x_0 \sim p_{data}",
]


class Exact(nn.Module):
    """The score of x_t where the data are Normal: mean (1, -2), deviations (1.5, 0.7)."""

    mean, deviation = torch.tensor([1.0, -2.0]).double(), torch.tensor([1.5, 0.7]).double()

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        alpha = torch.exp(-t)[:, None]
        return -self.scale * (x - alpha * self.mean) / (alpha**2 * self.deviation**2 + 1 - alpha**2)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_the_exact_score_gives_the_law_of_the_data(eta: float) -> None:
    """Up to the length of 300 steps, and what is left of the noise at t = 0.001."""
    count = 10_000
    o: Any = f2d.compile(SCORE, {r"s_\theta": Exact()}, dims={"x_0": D})
    torch.manual_seed(3)
    x = o.double().sample(count, steps=300, eta=eta)["x_0"]
    assert_close(x.mean(0), Exact.mean, atol=0.1, rtol=0)
    assert_close(x.std(0), Exact.deviation, atol=0.02, rtol=0.1)


def test_shapes_and_defaults() -> None:
    o: Any = f2d.compile(TARGETS["noise"], {r"\beta_t": BETA}, scaffold=True, dims={"x_0": D})
    assert o.sample(4)["x_0"].shape == (4, D) and not o.sample(4)["x_0"].requires_grad
    assert o.sample()["x_0"].shape == (1, D)


@pytest.mark.parametrize(
    "text",
    [
        [r"\min_\theta E_{q_\phi(z|x)}\|x - f_\theta(z)\|^2 + KL[q_\phi(z|x)||p(z)]"],
        [r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon \odot x_0 - f_\theta(x_t,t)\|^2", *XT, DRAWS, NOISE],
        [r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon - f_\theta(x_t^2,t)\|^2", *XT, DRAWS, NOISE],
        [r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon - f_\theta(x_t + 1,t)\|^2", *XT, DRAWS, NOISE],
    ],
)
def test_no_sampler_where_the_path_or_the_target_is_not_straight(text: list[str]) -> None:
    o = f2d.compile(text, {r"\beta_t": BETA} if len(text) > 1 else {}, scaffold=True, dims={"x": D, "x_0": D, "z": D})
    assert "def denoise" not in o.source


@pytest.mark.parametrize(
    "loss",
    [
        r"\|\epsilon - f_\theta(x_t,t)\|",
        r"[\|x_0\|^2 \|\epsilon - f_\theta(x_t,t)\|^2]",
        r"\|\epsilon - f_\theta(x_t,t,x_0)\|^2",
        r"\|\epsilon - f_\theta(x_t,t,u)\|^2",
    ],
)
def test_no_sampler_where_the_mean_does_not_fit_best(loss: str) -> None:
    """The least of norms and of sums weighted by the data is no mean; what is read beside them has to be given."""
    text = [r"\min_\theta E_{t,x_0,\epsilon}" + loss, *XT, DRAWS, NOISE, r"u \sim N(0, I)"]
    o = f2d.compile(text, {r"\beta_t": BETA}, scaffold=True, dims={"x_0": D, "u": D})
    assert "def denoise" not in o.source


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"steps": 0}, "F2D-0708"),
        ({"steps": "a"}, "F2D-0708"),
        ({"eta": 2}, "F2D-0708"),
        ({"noise": {"x_0": torch.zeros(4, D)}}, "F2D-0606"),
    ],
)
def test_refused_settings(given: dict[str, Any], code: str) -> None:
    o: Any = f2d.compile(TARGETS["noise"], {r"\beta_t": BETA}, scaffold=True, dims={"x_0": D})
    with pytest.raises(f2d.FormulaError) as caught:
        o.sample(N, **given)
    assert [each.code for each in caught.value.diagnostics] == [code]


def test_the_direction_of_the_path_is_said() -> None:
    o = f2d.compile(TARGETS["noise"], {r"\beta_t": BETA}, scaffold=True, dims={"x_0": D})
    assert "sample goes from noise at T to x_0 at 1" in map(str, o.assumptions)


def test_every_step_has_the_shape_of_the_first() -> None:
    """In the default network too, whether the text says it or the data."""
    for said, shapes in (([r"x_0 \in \mathbb{R}^2"], {}), ([], {"dims": {"x_0": 2}})):
        o: Any = f2d.compile([*TARGETS["data, of a process"], *said], {r"\beta_t": BETA}, scaffold=True, **shapes)
        assert o.sample(4)["x_0"].shape == (4, 2)
        (weights, *_) = [each for name, each in o.named_parameters() if name.endswith("body.0.weight")]
        assert weights.shape[1] == 2 + 16
