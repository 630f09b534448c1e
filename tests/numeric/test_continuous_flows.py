r"""Differential equations dz/dt = f(z, t) of a text: densities, integrals along paths, values at other times."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import jacrev, vmap
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees

N = 4
A = torch.tensor([[0.3, -0.8], [0.5, -0.2]], dtype=torch.float64)
SPACE = r"x \in \mathbb{R}^2"
EQUATION = r"\frac{dz(t)}{dt} = f_\theta(z(t), t)"
ENDS = [r"x = z(1)", r"z(0) \sim \mathcal{N}(0, I)", SPACE]
WRITTEN_OUT = (
    r"\log p(x) = \log p(z(t_0)) - \int_{t_0}^{t_1} \mathrm{tr}\left(\frac{\partial f}{\partial z(t)}\right) dt"
)


class Field(nn.Module):
    """A velocity of a state, a time and conditions."""

    def __init__(self, conditions: int = 0, size: int = 2):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Linear(size + 1 + conditions, 8), nn.Tanh(), nn.Linear(8, size)).double()

    def forward(self, z: Tensor, t: Tensor, *conditions: Tensor) -> Tensor:
        return self.body(torch.cat([z, t[:, None], *conditions], dim=1))


class Linear(nn.Module):
    """The velocity A z, whose paths are known: z(t) = e^{A t} z(0)."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(A.clone())

    def forward(self, z: Tensor, t: Tensor) -> Tensor:
        return z @ self.matrix.T


def data(seed: int = 1) -> Tensor:
    torch.manual_seed(seed)
    return torch.randn(N, 2, dtype=torch.float64)


def standard(z: Tensor) -> Tensor:
    return -0.5 * z.square().sum(-1) - math.log(2 * math.pi) * z.shape[-1] / 2


def gaussian_after(x: Tensor, time: float = 1.0) -> Tensor:
    """log p(x) of x = e^{A time} z, z standard normal: a normal density of covariance e^{A time} e^{A time}^T."""
    flow = torch.linalg.matrix_exp(A * time)
    return torch.distributions.MultivariateNormal(torch.zeros(2).double(), flow @ flow.T).log_prob(x).mean()


WAYS = {
    "FFJORD": [WRITTEN_OUT, EQUATION, "z(t_1) = x", r"z(t_0) \sim \mathcal{N}(0, I)", SPACE],
    "both ends as times": [
        r"\log p(z(t_1)) = \log p(z(t_0)) - \int_{t_0}^{t_1} \operatorname{Tr}(\frac{\partial f}{\partial z(t)}) dt",
        r"\dot z(t) = f_\theta(z(t), t)",
        r"p(z(t_0)) = \mathcal{N}(0, I)",
        "z(t_1) = x",
        SPACE,
    ],
    "a divergence": [r"\log p(x) = \log p(z(0)) - \int_0^1 \nabla \cdot f_\theta(z(t), t)\, dt", EQUATION, *ENDS],
    "of the density itself": [r"\log p(x)", EQUATION, *ENDS],
    "a dot": [r"\log p(x)", r"\dot z = f_\theta(z, t)", *ENDS],
    "differentials": [r"\log p(x)", r"dz = f_\theta(z, t)\, dt", *ENDS],
    "an integral": [r"\log p(x)", r"z(1) = z(0) + \int_0^1 f_\theta(z(t), t)\, dt", *ENDS],
    "another letter in the integral": [r"\log p(x)", r"z(1) = z(0) + \int_0^1 f_\theta(z(s), s)\, ds", *ENDS],
    "subscripts": [
        r"\log p(x)",
        r"\frac{dz_t}{dt} = f_\theta(z_t, t)",
        "x = z_1",
        r"z_0 \sim \mathcal{N}(0, I)",
        SPACE,
    ],
    "time in a subscript": [r"\log p(x)", r"\frac{dz_t}{dt} = f_{\theta,t}(z_t)", "x = z_1", "z_0 ~ N(0, I)", SPACE],
    "parameters": [r"\log p(x)", r"\frac{dz(t)}{dt} = f(z(t), t, \theta)", *ENDS],
    "the change of the density": [
        r"\log p(x)",
        r"\frac{\partial \log p(z(t))}{\partial t} = -\mathrm{tr}\left(\frac{df}{dz(t)}\right)",
        EQUATION,
        *ENDS,
    ],
    "plain": ["log p(x)", "dz/dt = f(z, t)", "x = z(1)", "z(0) ~ N(0, I)", "x in R^2"],
    "Unicode": [
        "log p(x) = log p(z(0)) − ∫_0^1 tr(∂f/∂z(t)) dt",
        "dz(t)/dt = f(z(t), t)",
        "x = z(1)",
        "z(0) ~ N(0, I)",
    ],
    "trained by data": [
        r"\max_\theta \mathbb{E}_{p_{data}(x)}[\log p(x)]",
        r"\log p(x) = \log p(z(0)) - \int_0^1 \mathrm{tr}\left(\frac{\partial f}{\partial z}\right) dt",
        EQUATION,
        *ENDS,
    ],
}


@pytest.mark.parametrize("way", WAYS)
def test_a_linear_field_has_the_density_of_its_matrix_exponential(way: str) -> None:
    """20 steps of order 4: the error is far below 1e-6. Gradients of both sides agree, and of the reference exactly."""
    key = "f" if way in ("parameters", "plain", "Unicode") else r"f_\theta"
    field, x = Linear(), data()
    assert_close(f2d.compile(WAYS[way], {key: field})(x=x).value, gaussian_after(x), rtol=0, atol=1e-6)
    assert_agrees(WAYS[way], {key: Field()}, {"x": x}, solver_steps=3)


def test_the_error_falls_with_the_fourth_power_of_the_steps() -> None:
    field, z = Linear(), data()
    exact = z @ torch.linalg.matrix_exp(2 * A).T
    text = [r"\log p(x)", EQUATION, "x = z(2)", "z(0) ~ N(0, I)", SPACE]
    made = [f2d.compile(text, {r"f_\theta": field}, solver_steps=steps) for steps in (8, 16, 32)]
    errors = [(each.sample(N, noise={"z_0": z})["x"] - exact).norm().item() for each in made]
    assert all(14 < before / after < 18 for before, after in zip(errors, errors[1:], strict=False)), errors


def test_gradients_are_those_of_the_density() -> None:
    field, x = Linear(), data()
    loss = f2d.compile([r"\log p(x)", EQUATION, *ENDS], {r"f_\theta": field}, solver_steps=40)(x=x).loss
    (found,) = torch.autograd.grad(loss, field.matrix)
    matrix = A.clone().requires_grad_()
    flow = torch.linalg.matrix_exp(matrix)
    law = torch.distributions.MultivariateNormal(torch.zeros(2).double(), flow @ flow.T)
    (expected,) = torch.autograd.grad(-law.log_prob(x).mean(), matrix)
    assert_close(found, expected, rtol=0, atol=1e-6)


def runge_kutta(field: Any, z: Tensor, begin: float, end: float, steps: int) -> Tensor:
    """The classical method, as the textbook writes it."""
    h = (end - begin) / steps
    for i in range(steps):
        t = begin + i * h
        k1 = field(z, t)
        k2 = field(z + h / 2 * k1, t + h / 2)
        k3 = field(z + h / 2 * k2, t + h / 2)
        k4 = field(z + h * k3, t + h)
        z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return z


def test_the_integral_of_the_trace_is_the_log_determinant_of_the_flow() -> None:
    """Of a network: the Jacobian of the whole map from x to z(0), by automatic differentiation."""
    net, x = Field(), data()

    def back(point: Tensor) -> Tensor:
        return runge_kutta(lambda z, t: net(z[None], torch.tensor([t]).double())[0], point, 1.0, 0.0, 200)

    expected = standard(vmap(back)(x)) + torch.linalg.slogdet(vmap(jacrev(back))(x))[1]
    found = f2d.compile([r"\log p(x)", EQUATION, *ENDS], {r"f_\theta": net}, reduction="none", solver_steps=100)(x=x)
    assert_close(found.value, expected, rtol=0, atol=1e-7)


def test_hutchinson_takes_one_draw_for_the_whole_path() -> None:
    net, x = Field(), data()
    text = [
        r"\log p(x) = \log p(z(0)) - \mathbb{E}_{\epsilon \sim \mathcal{N}(0, I)}\left[\int_0^1"
        r" \epsilon^\top \frac{\partial f}{\partial z(t)} \epsilon \, dt\right]",
        EQUATION,
        *ENDS,
    ]
    o = assert_agrees(text, {r"f_\theta": net}, {"x": x}, solver_steps=4)
    assert [each.name for each in o.sites] == ["epsilon"]
    assert any("drawn once, and stays the same along the path" in each for each in o.assumptions)
    # both unit vectors of the plane, times the root of 2: their mean is the exact trace
    exact = f2d.compile([r"\log p(x)", EQUATION, *ENDS], {r"f_\theta": net}, solver_steps=4)(x=x).value
    draws = math.sqrt(2) * torch.eye(2).double()
    values = [o(x=x, noise={"epsilon": each.expand(N, 2)}).value for each in draws]
    assert_close(torch.stack(values).mean(), exact)


@pytest.mark.parametrize(
    "written",
    [
        r"\frac1M \sum_{m=1}^M \int_0^1 \epsilon_m^\top \frac{\partial f}{\partial z} \epsilon_m\, dt",
        r"\int_0^1 \frac1M \sum_{m=1}^M \epsilon_m^\top \frac{\partial f}{\partial z} \epsilon_m\, dt",
    ],
)
def test_several_draws(written: str) -> None:
    text = [rf"\log p(x) = \log p(z(0)) - {written}", EQUATION, *ENDS, r"\epsilon_m \sim \mathcal{N}(0, I)", "M = 3"]
    assert_agrees(text, {r"f_\theta": Field()}, {"x": data()}, solver_steps=2)


def test_the_estimate_may_be_what_the_density_changes_by() -> None:
    text = [
        r"\log p(x)",
        r"\frac{d \log p(z(t))}{dt} = -\epsilon^\top \frac{\partial f}{\partial z} \epsilon",
        EQUATION,
        r"\epsilon \sim \mathcal{N}(0, I)",
        *ENDS,
    ]
    o = assert_agrees(text, {r"f_\theta": Field()}, {"x": data()}, solver_steps=2)
    assert [each.name for each in o.sites] == ["epsilon"]


def test_a_large_state_has_its_trace_estimated() -> None:
    text = [r"\log p(x)", EQUATION, "x = z(1)", "z(0) ~ N(0, I)", r"x \in \mathbb{R}^{70}"]
    x = torch.randn(3, 70, dtype=torch.float64)
    o = assert_agrees(text, {r"f_\theta": Field(size=70)}, {"x": x}, solver_steps=1)
    assert [each.name for each in o.sites] == ["v"] and any("estimated" in each for each in o.assumptions)


def test_integrals_along_the_path_are_regularisers() -> None:
    """Finlay et al. 2020, "How to train your neural ODE": kinetic energy and the norm of a row of the Jacobian."""
    net, x = Field(), data()
    text = [
        r"\max \log p(x) - \lambda \int_0^1 \|f_\theta(z(t), t)\|^2 + \|\epsilon^\top \nabla_z f(z(t), t)\|^2\, dt",
        EQUATION,
        *ENDS,
        r"\epsilon \sim \mathcal{N}(0, I)",
        r"\lambda = 0.1",
    ]
    o = assert_agrees(text, {r"f_\theta": net}, {"x": x}, solver_steps=3)
    assert o.source.count("follow_path(change") == 2  # one walk in forward, one in sample
    assert any("drawn once" in each for each in o.assumptions)


def test_the_kinetic_energy_of_a_linear_field() -> None:
    """int_0^1 |A e^{At} z|^2 dt = z^T (int_0^1 e^{A^T t} A^T A e^{At} dt) z, the integral by many points of Simpson's
    rule."""
    text = [r"\min \int_0^1 \|f(z(t), t)\|^2 dt", r"\dot z(t) = f(z(t), t)", "z(0) = x"]
    times = torch.linspace(0, 1, 2001).double()
    flows = torch.linalg.matrix_exp(A * times[:, None, None])
    weights = torch.ones(2001).double()
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    inside = flows.mT @ A.T @ A @ flows
    matrix = (weights[:, None, None] * inside).sum(0) / 6000
    x = data()
    expected = torch.einsum("ni,ij,nj->n", x, matrix, x).mean()
    assert_close(f2d.compile(text, {"f": Linear()})(x=x).value, expected, rtol=0, atol=1e-6)


def test_times_of_any_length_and_direction() -> None:
    x = data()
    for text, time in (
        ([r"\log p(x)", EQUATION, "x = z(T)", "z(0) ~ N(0, I)", "T = 2", SPACE], 2.0),
        ([r"\log p(x)", EQUATION, "x = z(t_1)", "z(t_0) ~ N(0, I)", "t_0 = 1", "t_1 = 0.5", SPACE], -0.5),
        ([r"\log p(x)", EQUATION, "x = z(0)", "z(1) ~ N(0, I)", SPACE], -1.0),
    ):
        found = f2d.compile(text, {r"f_\theta": Linear()}, solver_steps=40)(x=x).value
        assert_close(found, gaussian_after(x, time), rtol=0, atol=1e-6)


def test_a_time_may_be_bound_and_learned() -> None:
    end = nn.Parameter(torch.tensor(1.5, dtype=torch.float64))
    text = [r"\log p(x)", EQUATION, "x = z(T)", "z(0) ~ N(0, I)", SPACE]
    assert_agrees(text, {r"f_\theta": Field(), "T": end}, {"x": data()}, solver_steps=2)


def test_conditions_are_computed_once() -> None:
    text = [r"\log p(x|y)", r"\dot z(t) = f(z(t), t, h(y))", "x = z(1)", "z(0) ~ N(0, I)", SPACE]
    encoder = nn.Linear(3, 2).double()
    y = torch.randn(N, 3, dtype=torch.float64)
    o = assert_agrees(text, {"f": Field(2), "h": encoder}, {"x": data(), "y": y}, solver_steps=2)
    forward = o.source.split("def forward")[1].split("return Output")[0]
    assert forward.count("self.h(") == 1 and forward.index("self.h(") < forward.index("def change")
    assert o.sample(y=y)["x"].shape == (N, 2)


def test_neural_ordinary_differential_equations_of_values() -> None:
    """Chen et al. 2018: layers of infinite depth; and several times of one path."""
    text = [r"\log p(y|z(1))", r"\dot z(t) = f(z(t), t)", "z(0) = h(x)", "p(y|z) = N(y; z, I)"]
    bindings = {"f": Field(), "h": nn.Linear(2, 2).double()}
    assert_agrees(text, bindings, {"x": data(), "y": data(2)}, solver_steps=2)
    text = [
        r"\log p(y|z(1)) + \log p(w|z(2))",
        r"\dot z(t) = f(z(t), t)",
        "z(0) = h(x)",
        r"p(y|z_1) = N(y; z_1, I); p(w|z_2) = N(w; z_2, I)",
    ]
    assert_agrees(text, bindings, {"x": data(), "y": data(2), "w": data(3)}, solver_steps=2)


LATENT = {
    "a prior through time": [
        r"\mathbb{E}_{q(z_0|x)}[\log p(x|z(1)) + \log p(z_0) - \log q(z_0|x)]",
        r"\dot z(t) = f(z(t), t)",
        "p(x|z_1) = N(x; z_1, I); p(z_0) = N(0, I); q(z_0|x) = N(z_0; h(x), I)",
    ],
    "a posterior through time": [
        r"\max \mathbb{E}_{q(u|x)}[\log p(x|u) + \log p(u) - \log q(u|x)]",
        r"\dot z(t) = f(z(t), t)",
        "u = z(1), z(0) ~ q_0(z(0)|x)",
        "p(x|u) = N(x; u, I); p(u) = N(0, I); q_0(z(0)|x) = N(z(0); h(x), I)",
        r"u \in \mathbb{R}^2",
    ],
    "a prior that is a path": [
        r"\max \mathbb{E}_{q(u|x)}[\log p(x|u) + \log p(u) - \log q(u|x)]",
        r"\dot z(t) = f(z(t), t)",
        "u = z(1), z(0) ~ N(0, I)",
        "p(x|u) = N(x; u, I); q(u|x) = N(u; h(x), I)",
        r"u \in \mathbb{R}^2",
    ],
}


@pytest.mark.parametrize("which", LATENT)
@pytest.mark.parametrize("samples", [1, 3])
def test_latent_paths(which: str, samples: int) -> None:
    bindings = {"f": Field(), "h": nn.Linear(2, 2).double()}
    assert_agrees(LATENT[which], bindings, {"x": data()}, solver_steps=2, samples=samples)


def test_a_path_is_not_followed_back_where_it_came_from() -> None:
    """The density of a draw that the path made: the value is where it started, the volume that of the same walk."""
    bindings = {"f": Field(), "h": nn.Linear(2, 2).double()}
    source = f2d.compile(LATENT["a posterior through time"], bindings).source
    assert source.split("def forward")[1].split("\n    def ")[0].count("follow_path(") == 1


def layers(out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, out)).double()


OTHER_FIELDS = {
    "a matrix": (r"\dot z(t) = A z(t)", {"A": nn.Parameter(A.clone())}),
    "of the state alone": (r"\dot z(t) = f(z(t))", {"f": layers(2)}),
    "a gradient": (r"\dot z(t) = -\nabla_z U(z(t))", {"U": layers(1)}),
    "a sum": (r"\dot z(t) = f(z(t), t) - \beta t z(t)", {"f": Field(), "beta": 0.3}),
}


@pytest.mark.parametrize("which", OTHER_FIELDS)
def test_other_fields(which: str) -> None:
    equation, bindings = OTHER_FIELDS[which]
    assert_agrees([r"\log p(x)", equation, *ENDS], bindings, {"x": data()}, solver_steps=3)


def test_a_state_of_one_number() -> None:
    class Speed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rate = nn.Parameter(torch.tensor(0.7, dtype=torch.float64))

        def forward(self, z: Tensor, t: Tensor) -> Tensor:
            return self.rate * z

    x = torch.randn(N, dtype=torch.float64)
    text = [r"\log p(x)", r"\dot z(t) = f(z(t), t)", "x = z(1)", "z(0) ~ N(0, 1)", r"x \in \mathbb{R}"]
    o = assert_agrees(text, {"f": Speed()}, {"x": x})
    law = torch.distributions.Normal(0.0, math.exp(0.7))
    assert_close(o(x=x).value, law.log_prob(x).mean(), rtol=0, atol=1e-6)


def test_two_equations() -> None:
    text = [
        r"\log p(x) + \log p(y)",
        r"\dot z(t) = f(z(t), t), \quad \dot u(t) = g(u(t), t)",
        "x = z(1), z(0) ~ N(0, I), y = u(1), u(0) ~ N(0, I)",
        r"x \in \mathbb{R}^2, y \in \mathbb{R}^2",
    ]
    assert_agrees(text, {"f": Field(), "g": Field()}, {"x": data(), "y": data(2)}, solver_steps=2)


@pytest.mark.parametrize("way", ["FFJORD", "of the density itself"])
def test_samples_are_followed_from_the_draw(way: str) -> None:
    """e^A z of the very z that is drawn."""
    z = data(5)
    found = f2d.compile(WAYS[way], {r"f_\theta": Linear()}).sample(N, noise={"z_0": z})
    assert_close(found["x"], z @ torch.linalg.matrix_exp(A).T, rtol=0, atol=1e-6)


def test_a_velocity_trained_by_matching_has_an_exact_likelihood() -> None:
    """The same network: the objective of flow matching, and the density along its path."""
    velocity = Field()
    matching = [
        r"\min \mathbb{E}_{t, x_0, x_1}[\| v(x_t, t) - (x_1 - x_0) \|^2]",
        r"x_t = (1 - t) x_0 + t x_1, \quad \frac{dx_t}{dt} = v(x_t, t)",
        r"t \sim U(0, 1), \quad x_0 \sim N(0, I), \quad x_1 \sim p_{data}, \quad x_1 \in \mathbb{R}^2",
    ]
    trained = f2d.compile(matching, {"v": velocity})
    assert any("says how samples move" in each for each in trained.assumptions)
    density = [r"\log p(x_1)", r"\frac{dx_t}{dt} = v(x_t, t)", r"x_0 \sim N(0, I), \quad x_1 \in \mathbb{R}^2"]
    likelihood = f2d.compile(density, {"v": velocity}, reduction="none", solver_steps=50)
    x = data()

    def back(point: Tensor) -> Tensor:
        return runge_kutta(lambda z, t: velocity(z[None], torch.tensor([t]).double())[0], point, 1.0, 0.0, 100)

    expected = standard(vmap(back)(x)) + torch.linalg.slogdet(vmap(jacrev(back))(x))[1]
    assert_close(likelihood(x_1=x).value, expected, rtol=0, atol=1e-6)
    with torch.no_grad():
        assert_close(likelihood(x_1=x).value, expected, rtol=0, atol=1e-6)


def test_a_distribution_scores_and_draws() -> None:
    d = f2d.distribution(["p(x)", EQUATION, *ENDS], {r"f_\theta": Linear()})
    x = data()
    assert_close(d.log_prob(x=x).mean(), gaussian_after(x), rtol=0, atol=1e-6)
    assert d.sample(3)["x"].shape == (3, 2)


def test_the_generated_function_compiles() -> None:
    net, x = Field().float(), data().float()
    o: Any = f2d.compile([r"\log p(x)", EQUATION, *ENDS], {r"f_\theta": net}, solver_steps=2)
    o.check_values = False
    wanted = o(x=x).loss
    o.compile(backend="aot_eager")
    assert_close(o(x=x).loss, wanted)


REFUSED = {
    "no end": ([r"\log p(x)", EQUATION], "F2D-0530"),
    "one end": ([r"\log p(x)", EQUATION, "x = z(1)", SPACE], "F2D-0530"),
    "nothing known": ([r"\min \int_0^1 \|f_\theta(z(t), t)\|^2 dt", EQUATION, SPACE], "F2D-0530"),
    "one time twice": ([r"\log p(x)", EQUATION, "x = z(t_1)", "z(t_0) ~ N(0, I)", "t_0 = 1; t_1 = 1"], "F2D-0530"),
    "two equations": ([r"\log p(x)", EQUATION, r"\dot z(t) = g(z(t), t)", *ENDS], "F2D-0531"),
    "two values": ([r"\log p(x)", EQUATION, *ENDS, "y = z(1)"], "F2D-0531"),
    "two draws": ([r"\log p(x)", EQUATION, "x = z(2)", "z(0) ~ N(0, I); z(1) ~ N(0, I)", SPACE], "F2D-0531"),
    "both ends given": ([r"\log p(y|z(1))", EQUATION, "z(0) = x", "z(1) = y"], "F2D-0531"),
    "no change": ([r"\log p(x)", EQUATION, "x = z(2)", "z(0) ~ N(0, I)", "z(0) = z(1)"], "F2D-0531"),
    "an unknown time": ([r"\log p(x)", EQUATION, r"x = z(\tau)", "z(0) ~ N(0, I)"], "F2D-0532"),
    "a running time": ([r"\log p(y|z(t))", EQUATION, "z(0) = x"], "F2D-0532"),
    "a drawn time": ([r"\mathbb{E}_{t \sim U(0,1)}[\log p(y|z(t))]", EQUATION, "z(0) = x"], "F2D-0532"),
    "an interval elsewhere": ([r"\log p(x) - \int_2^3 \|f_\theta(z(t), t)\|^2 dt", EQUATION, *ENDS], "F2D-0533"),
    "an empty interval": ([r"\log p(x) - \int_1^1 \|f_\theta(z(t), t)\|^2 dt", EQUATION, *ENDS], "F2D-0533"),
    "an integral of a vector": ([r"\log p(x) - \int_0^1 f_\theta(z(t), t) + z(t)\, dt", EQUATION, *ENDS], "F2D-0534"),
    "a number for a vector": ([r"\log p(x)", r"\dot z(t) = \|z(t)\|^2", *ENDS], "F2D-0534"),
    "a time of each example": ([r"\log p(x)", EQUATION, "x = z(t_1)", "z(0) ~ N(0, I)", "t_1 ~ U(1, 2)"], "F2D-0535"),
    "draws on the way": ([r"\log p(x)", r"\dot z(t) = \mathbb{E}_{q(u|z)}[f(z(t), u)]", *ENDS], "F2D-0536"),
    "a plus": (
        [r"\log p(x)", r"\frac{d \log p(z(t))}{dt} = \mathrm{tr}(\frac{\partial f}{\partial z(t)})", EQUATION, *ENDS],
        "F2D-0537",
    ),
}


@pytest.mark.parametrize("which", REFUSED)
def test_refusals(which: str) -> None:
    text, code = REFUSED[which]
    found = f2d.check(text, scaffold=True)
    assert code in [each.code for each in found], found
    assert all(each.span is not None and each.hint for each in found if each.code == code)


def test_random_layers_are_refused() -> None:
    noisy = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    with pytest.raises(f2d.FormulaError, match="F2D-0536"):
        f2d.compile([r"\log p(x)", r"\dot z(t) = f(z(t))", *ENDS], {"f": noisy})


@pytest.mark.parametrize("steps", [0, 2.5, True])
def test_steps_are_counted(steps: Any) -> None:
    with pytest.raises(f2d.FormulaError, match="solver_steps"):
        f2d.compile([r"\log p(x)", EQUATION, *ENDS], {r"f_\theta": Field()}, solver_steps=steps)


@pytest.mark.parametrize("which", ["FFJORD", "of the density itself"])
def test_data_that_are_drawn_from_themselves_are_data(which: str) -> None:
    x = data()
    said = [*WAYS[which], r"x \sim p_{data}"]
    assert_close(f2d.compile(said, {r"f_\theta": Linear()})(x=x).value, gaussian_after(x), rtol=0, atol=1e-6)


def test_an_equation_between_two_draws_says_how_samples_move() -> None:
    text = [
        r"\min \mathbb{E}_{t \sim U(0, 1)}[\|v((1 - t) x_0 + t x_1, t) - (x_1 - x_0)\|^2]",
        r"\frac{dx_t}{dt} = v(x_t, t), \quad x_0 \sim N(0, I), \quad x_1 \sim p_{data}, \quad x_1 \in \mathbb{R}^2",
    ]
    o = f2d.compile(text, {"v": Field()})
    assert "follow_path" not in o.source and any("says how samples move" in each for each in o.assumptions)


DOCUMENT = r"""
\begin{equation}\label{eq:path} \frac{dz(t)}{dt} = f_\theta(z(t), t) \end{equation}
with $x = z(t_1)$, $x \in \mathbb{R}^2$ and $z(t_0) \sim \mathcal{N}(0, I)$. Then
\begin{equation}\label{eq:density}
  \log p(x) = \log p(z(t_0)) - \int_{t_0}^{t_1} \mathrm{tr}\left(\frac{\partial f_\theta}{\partial z(t)}\right) dt,
\end{equation}
and beside it
\begin{equation}\label{eq:other} \mathbb{E}_{q(w|y)}[\log p(y|w)] - \mathrm{KL}(q(w|y) \,\|\, p(w)) \end{equation}
"""


def test_a_display_brings_along_the_equation_of_its_path(tmp_path: Any) -> None:
    path = tmp_path / "paper.tex"
    path.write_text(rf"\documentclass{{article}}\begin{{document}}{DOCUMENT}\end{{document}}")
    chosen = f2d.compile(path, labels="eq:density")
    assert "follow_path" in chosen.source and chosen.sample(2)["x"].shape == (2, 2)
    assert "follow_path" not in f2d.compile(path, labels="eq:other", dims={"y": 3, "w": 2}).source


def test_steps_of_the_command_line(tmp_path: Any) -> None:
    from formula2dgm.cli.main import main

    path, made = tmp_path / "flow.txt", tmp_path / "flow.py"
    path.write_text("log p(x); dz/dt = f(z, t); x = z(1); z(0) ~ N(0, I); x in R^2")
    assert main(["compile", str(path), "--solver-steps", "7", "--target", "module", "-o", str(made)]) == 0
    assert "steps=7" in made.read_text()


def test_a_change_of_a_density_that_reads_the_density_is_refused() -> None:
    text = (
        r"\log p(x); \frac{d \log p(z(t))}{dt} = p(x) tr(\frac{\partial f}{\partial z(t)}); "
        r"\frac{dz(t)}{dt} = f(z(t), t); x = z(1), z(0) \sim N(0, I); x \in \mathbb{R}^2"
    )
    assert "F2D-0206" in [each.code for each in f2d.check(text, scaffold=True)]
