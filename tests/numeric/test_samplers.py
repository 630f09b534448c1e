r"""Samplers of models that undo noise: correctors, Heun's method, conditions, guidance, codes of data."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

D, N = 2, 3
VE = [
    r"\min_\theta E_{t,x_0,\epsilon}[\|\epsilon - \epsilon_\theta(x_0 + \sigma(t) \epsilon, t)\|^2]",
    r"\sigma(t) = 0.02 (1000)^t; t \sim U(0, 1); x_0 \sim p_{data}; \epsilon \sim N(0, I)",
]
MEAN, DEVIATION = torch.tensor([1.0, -2.0]).double(), torch.tensor([1.5, 0.7]).double()


def sigma(t: Tensor) -> Tensor:
    return 0.02 * 1000**t


class Exact(nn.Module):
    """The mean of the noise, given x_t, where the data are Normal."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        b = sigma(t)[:, None]
        return self.scale * b * (x - MEAN) / (DEVIATION**2 + b**2)


@pytest.mark.parametrize(
    "settings",
    [
        {"eta": 1.0, "steps": 200},
        {"order": 2, "steps": 30},
        {"corrections": 2, "steps": 100},
        {"order": 0, "corrections": 30, "steps": 100},
    ],
)
def test_every_sampler_gives_the_law_of_the_data(settings: dict[str, Any]) -> None:
    """Ancestral, Heun, predictor and corrector, annealed Langevin dynamics."""
    o: Any = f2d.compile(VE, {r"\epsilon_\theta": Exact()}, dims={"x_0": D}).double()
    torch.manual_seed(0)
    x = o.sample(4000, **settings)["x_0"]
    assert_close(x.mean(0), MEAN, atol=0.1, rtol=0)
    assert_close(x.std(0), DEVIATION, atol=0.0, rtol=0.08)


def test_predictor_and_corrector_are_those_of_the_paper() -> None:
    """Song et al. 2021, algorithms 2 and 5 of a variance-exploding process, the step of the predictor of Ho et al."""
    o: Any = f2d.compile(VE, {r"\epsilon_\theta": Exact()}, dims={"x_0": D}).double()
    torch.manual_seed(1)
    start, drawn = torch.randn(N, D).double(), torch.randn(N, 4, 2, D).double()
    times = torch.linspace(1, 0, 5)
    x = sigma(times[0]) * start
    with torch.no_grad():
        for i, (t, s) in enumerate(zip(times[:-1], times[1:], strict=True)):
            score = -Exact()(x, t.expand(N)) / sigma(t)
            x = x - (sigma(s) - sigma(t)) * sigma(t) * score
            for k in range(2):
                score, z = -Exact()(x, s.expand(N)) / sigma(s), drawn[:, i, k]
                length = 2 * (0.2 * z.norm(dim=1).mean() / score.norm(dim=1).mean()) ** 2
                x = x + length * score + (2 * length).sqrt() * z
    noise = {"x_0": start, "corrections": drawn}
    assert_close(o.sample(N, steps=4, corrections=2, snr=0.2, noise=noise)["x_0"], x)


class Conditional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2 * D + 1, D)

    def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        return torch.tanh(self.layer(torch.cat([x, t[:, None].to(x.dtype), y], 1)))


def flow(given: str, *more: str) -> list[str]:
    return [
        rf"\min_\theta E_{{t,x_0,x_1,y}}\|v_\theta(x_t,t,{given})-(x_1-x_0)\|^2",
        r"x_t = (1-t) x_0 + t x_1; t \sim \mathcal{U}(0,1); x_1 \sim p_{data}; x_0 \sim \mathcal{N}(0,I)",
        *more,
    ]


@pytest.mark.parametrize("given", ["b y", "(1-b) y", "b y + (1-b) c"])
@pytest.mark.parametrize("guidance", [0.0, 1.5])
def test_guidance_is_that_of_the_paper(given: str, guidance: float) -> None:
    """Ho and Salimans 2022: of a velocity as of a score, (1 + w) v(x, t, y) - w v(x, t, nothing)."""
    torch.manual_seed(2)
    net, nothing = Conditional().double(), torch.randn(D).double() if "c" in given else torch.zeros(D).double()
    bound = {r"v_\theta": net} | ({"c": nothing} if "c" in given else {})
    o: Any = f2d.compile(flow(given, r"b \sim Bernoulli(0.9)"), bound, dims={"x_1": D, "y": D}).double()
    start, y = torch.randn(N, D).double(), torch.randn(N, D).double()
    x = start
    with torch.no_grad():
        for t in torch.linspace(0, 1, 6)[:-1]:
            with_y, without = (net(x, t.expand(N), each) for each in (y, nothing.expand(N, D)))
            x = x + 0.2 * ((1 + guidance) * with_y - guidance * without)
    made = o.sample(y=y, steps=5, guidance=guidance, noise={"x_1": start})["x_1"]
    assert_close(made, x, atol=1e-6, rtol=1e-6)


def test_what_a_sampler_takes_where_nothing_is_said() -> None:
    """No guidance, by Euler's steps along the differential equation, without corrections."""
    o: Any = f2d.compile(flow("b y", r"b \sim Bernoulli(0.9)"), {r"v_\theta": Conditional()}, dims={"x_1": D, "y": D})
    said = " ".join(o.source.split("def sample")[1].split('"""')[1].split())
    assert "guidance: float = 0.0" in o.source and "order: int = 1" in o.source
    assert said.endswith("``guidance``: how far to go on from what is said without y to what is said with it.")
    start, y = torch.randn(N, D), torch.randn(N, D)
    alone = o.sample(y=y, steps=3, noise={"x_1": start})["x_1"]
    assert_close(alone, o.sample(y=y, steps=3, guidance=0.0, order=1, noise={"x_1": start})["x_1"])


def test_samples_of_conditions() -> None:
    o: Any = f2d.compile(flow("y"), {r"v_\theta": Conditional()}, dims={"x_1": D, "y": D})
    assert o.sample(y=torch.zeros(5, D))["x_1"].shape == (5, D)
    assert o.sample(4, {"y": torch.zeros(1, D)}, steps=2)["x_1"].shape == (4, D)
    for given, code in (
        ({}, "F2D-0601"),
        ({"y": 1.0}, "F2D-0603"),
        ({"y": torch.zeros(5, D + 1)}, "F2D-0606"),
        ({"n": 3, "y": torch.zeros(5, D)}, "F2D-0605"),
        ({"y": torch.zeros(5, D), "guidance": 1.0}, "F2D-0495"),
        ({"y": torch.zeros(5, D), "z": torch.zeros(5, D)}, "F2D-0495"),
        ({"y": torch.zeros(5, D), "mean": True}, "F2D-0495"),
    ):
        assert refused(o, **given) == [code]


@pytest.mark.parametrize(
    "given",
    [
        {"order": 3},
        {"order": 2, "eta": 1.0},
        {"order": 0},
        {"order": True},
        {"corrections": -1},
        {"corrections": 1, "snr": 0},
        {"eta": float("nan")},
    ],
)
def test_settings_that_are_impossible(given: dict[str, Any]) -> None:
    o = f2d.compile(VE, {r"\epsilon_\theta": Exact()}, dims={"x_0": D})
    assert refused(o, **given) == ["F2D-0708"]


def test_noise_of_corrections_has_its_shape() -> None:
    o = f2d.compile(VE, {r"\epsilon_\theta": Exact()}, dims={"x_0": D}).double()
    given = {"n": N, "steps": 3, "corrections": 2, "noise": {"corrections": torch.zeros(N, 3, 1, D + 1)}}
    assert refused(o, **given) == ["F2D-0606"]


def refused(objective: Any, **given: Any) -> list[str]:
    with pytest.raises(f2d.FormulaError) as caught:
        objective.sample(**given)
    return [each.code for each in caught.value.diagnostics]


def test_the_times_go_to_where_the_data_are() -> None:
    """As much of the data is left everywhere, but less noise."""
    o = f2d.compile(VE, {r"\epsilon_\theta": Exact()}, dims={"x_0": D})
    assert "sample goes from noise at 1 to x_0 at 0" in map(str, o.assumptions)


CODE = [
    r"\min_\theta E_{x, t, \epsilon}\|\epsilon - \epsilon_\theta(z_t, t)\|^2",
    r"z_t = \cos(\pi t/2) z_0 + \sin(\pi t/2) \epsilon; t \sim U(0,1); \epsilon \sim N(0,I); x \sim p_{data}",
]


class Of(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(D + 1, D)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.layer(torch.cat([x, t[:, None]], 1))


@pytest.mark.parametrize(("said", "name"), [("z_0 = sg[E(x)]", "z_0"), ("z_0 = E(x)", "z_0")])
def test_codes_of_data_are_drawn(said: str, name: str) -> None:
    """A path between codes and noise; it begins a hundredth off, where nothing of the code is left."""
    torch.manual_seed(3)
    net = Of().double()
    bound = {r"\epsilon_\theta": net, "E": nn.Linear(4, D)}
    o: Any = f2d.compile([*CODE, said], bound, dims={"x": 4, "epsilon": D}).double()
    start = torch.randn(N, D).double()
    times = torch.linspace(0.99, 0, 6)
    x = torch.sin(torch.pi * times[0].double() / 2) * start
    with torch.no_grad():
        for t, s in zip(times[:-1].double() * torch.pi / 2, times[1:].double() * torch.pi / 2, strict=True):
            eps = net(x, (t / torch.pi * 2).expand(N))
            x = torch.cos(s) * (x - torch.sin(t) * eps) / torch.cos(t) + torch.sin(s) * eps
    assert_close(o.sample(N, steps=5, noise={name: start})[name], x)


COSINE = [
    r"\min_\theta E_{t,x_0,\epsilon}\|\epsilon - \epsilon_\theta(x_t, t)\|^2",
    r"x_t = \sqrt{\bar\alpha_t} x_0 + \sqrt{1-\bar\alpha_t}\epsilon",
    r"\bar\alpha_t = \frac{f(t)}{f(0)}; f(t) = \cos^2(\frac{t/T + s}{1+s} \cdot \frac{\pi}{2}); s = 0.008; T = 100",
    r"t \sim U\{1,T\}; x_0 \sim p_{data}; \epsilon \sim N(0,I)",
]


class Wide(nn.Module):
    """The mean of the noise, given x_t of a cosine schedule, where the data are Normal of deviation 2."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        bar = (torch.cos((t / 100 + 0.008) / 1.008 * torch.pi / 2) / math.cos(0.008 / 1.008 * torch.pi / 2)) ** 2
        return self.scale * ((1 - bar).sqrt() / (4 * bar + 1 - bar))[:, None] * x


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_a_schedule_that_ends_in_noise_alone_begins_a_step_before(eta: float) -> None:
    """At T nothing of the data is left, and a network of the noise says nothing of them."""
    o: Any = f2d.compile(COSINE, {r"\epsilon_\theta": Wide()}, dims={"x_0": D}).double()
    assert "sample goes from noise at T - 1 to x_0 at 1" in map(str, o.assumptions)
    torch.manual_seed(4)
    x = o.sample(4000, eta=eta)["x_0"]
    assert_close(x.std(0), torch.full((D,), 2.0).double(), atol=0.0, rtol=0.08)
