r"""Derivatives of networks by numbers and along directions: ``\frac{d}{dt} u(z_t, t)``, ``\partial_t s(x, t)``, J v.

What they are by hand is ``torch.func.jvp`` of the network, and finite differences.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import jacrev, jvp, vmap
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.test_compiled_gradients import both, written
from tests.support.agreement import assert_agrees

N, D = 6, 2
DRAWN = [
    r"z_t = (1 - t) x + t e; v_t = e - x",
    r"t \sim \mathcal{U}(0, 1); r \sim \mathcal{U}(0, 1); e \sim \mathcal{N}(0, I)",
    r"x \sim p_{data}; x \in \mathbb{R}^2",
]


class Field(nn.Module):
    """A smooth function of a value and times."""

    def __init__(self, times: int, between: nn.Module | None = None, out: int = D) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(
            nn.Linear(D + times, 8), between if between is not None else nn.Identity(), nn.Tanh(), nn.Linear(8, out)
        )

    def forward(self, x: Tensor, *times: Tensor) -> Tensor:
        return self.body(torch.cat([x, *(each.reshape(-1, 1) for each in times)], -1))


def field(times: int = 2, between: nn.Module | None = None, out: int = D) -> nn.Module:
    return Field(times, between, out).double()


def mean_flow(derivative: str) -> list[str]:
    loss = rf"\|u_\theta(z_t, r, t) - \mathrm{{sg}}(v_t - (t - r) ({derivative}))\|^2"
    return [rf"\min_\theta E_{{t, r, x, e}}[{loss}]", *DRAWN]


def inputs(o: f2d.Objective) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(1)
    x = torch.randn(N, D, dtype=torch.float64)
    return x, {name: each.double() for name, each in o.example_noise(x=x).items()}


def total(net: nn.Module, x: Tensor, noise: dict[str, Tensor]) -> Tensor:
    """Geng et al. 2025, algorithm 1: the value and the derivative by one call."""
    t, r, e = noise["t"], noise["r"], noise["e"]
    z, v = (1 - t[:, None]) * x + t[:, None] * e, e - x
    u, du = jvp(net, (z, r, t), (v, torch.zeros_like(r), torch.ones_like(t)))
    return (u - (v - (t - r)[:, None] * du).detach()).square().sum(1).mean()


def partial(net: nn.Module, x: Tensor, noise: dict[str, Tensor]) -> Tensor:
    t, r, e = noise["t"], noise["r"], noise["e"]
    z, v = (1 - t[:, None]) * x + t[:, None] * e, e - x
    u, du = jvp(lambda t: net(z, r, t), (t,), (torch.ones_like(t),))
    return (u - (v - (t - r)[:, None] * du).detach()).square().sum(1).mean()


TOTAL = [
    r"\frac{d}{dt} u_\theta(z_t, r, t)",
    r"\frac{d u_\theta(z_t, r, t)}{dt}",
    r"\frac{\mathrm{d}}{\mathrm{d}t} u_\theta(z_t, r, t)",
    r"\dv{t} u_\theta(z_t, r, t)",
    r"deriv_t u_\theta(z_t, r, t)",
    r"\frac{\partial u_\theta(z_t, r, t)}{\partial z_t} v_t + \frac{\partial u_\theta(z_t, r, t)}{\partial t}",
    r"\partial_{z_t} u_\theta(z_t, r, t) v_t + \partial_t u_\theta(z_t, r, t)",
    r"v_t \partial_z u_\theta(z_t, r, t) + \partial_t u_\theta(z_t, r, t)",
]
PARTIAL = [
    r"\partial_t u_\theta(z_t, r, t)",
    r"\frac{\partial}{\partial t} u_\theta(z_t, r, t)",
    r"\frac{\partial u_\theta(z_t, r, t)}{\partial t}",
    r"\nabla_t u_\theta(z_t, r, t)",
    r"∂_t u_θ(z_t, r, t)",
]


@pytest.mark.parametrize(
    ("derivative", "by_hand"), [*((each, total) for each in TOTAL), *((each, partial) for each in PARTIAL)]
)
def test_mean_flow(derivative: str, by_hand: Callable[..., Tensor]) -> None:
    net = field()
    o = f2d.compile(mean_flow(derivative), {r"u_\theta": net})
    x, noise = inputs(o)
    assert_close(both(o(x=x, noise=noise).loss, net), both(by_hand(net, x, noise), net))


def test_plain_text() -> None:
    text = "\n".join(
        [
            "min_theta E_{t, r, x, e}[||u_theta(z_t, r, t) - sg(v_t - (t - r) deriv_t u_theta(z_t, r, t))||^2]",
            "z_t = (1 - t) x + t e; v_t = e - x; t ~ U(0, 1); r ~ U(0, 1); e ~ N(0, I); x ~ p_data; x in R^2",
        ]
    )
    net = field()
    o = f2d.compile(text, {"u_theta": net})
    x, noise = inputs(o)
    assert_close(both(o(x=x, noise=noise).loss, net), both(total(net, x, noise), net))
    again = f2d.compile(o.ascii, {"u_theta": net})
    assert_close(again(x=x, noise=noise).loss, o(x=x, noise=noise).loss)


@pytest.mark.parametrize("derivative", [TOTAL[0], TOTAL[5], PARTIAL[0]])
def test_the_reference_agrees(derivative: str) -> None:
    x = torch.randn(N, D, dtype=torch.float64)
    o = assert_agrees(mean_flow(derivative), {r"u_\theta": field()}, {"x": x})
    held = "the partial derivative of u_theta(z_t, r, t) by t holds z_t constant"
    assert (held in o.assumptions) == (derivative != TOTAL[0])


def test_the_gradient_reaches_the_derivative_where_nothing_stops_it() -> None:
    text = [r"\min_\theta E_{t, r, x, e}[\|v_t - \frac{d}{dt} u_\theta(z_t, r, t)\|^2]", *DRAWN]
    net = field()
    o = f2d.compile(text, {r"u_\theta": net})
    x, noise = inputs(o)

    def by_hand() -> Tensor:
        t, e = noise["t"][:, None], noise["e"]
        z, v, step = (1 - t) * x + t * e, e - x, 1e-5
        ahead, behind = (net(z + h * v, noise["r"], noise["t"] + h) for h in (step, -step))
        return (v - (ahead - behind) / (2 * step)).square().sum(1).mean()

    assert_close(both(o(x=x, noise=noise).loss, net), both(by_hand(), net), rtol=1e-5, atol=1e-6)
    assert_agrees(text, {r"u_\theta": net}, {"x": x})


def test_a_derivative_shares_the_call() -> None:
    o = f2d.compile(mean_flow(TOTAL[0]), {r"u_\theta": field()})
    assert o.source.count("self.u_theta(") == 1
    assert "torch.func.jvp(u_theta_of, (z_t, t), (v_t, torch.ones_like(t)))" in o.source


def test_functions_that_the_text_defines() -> None:
    """A consistency function, c_skip x + c_out F, of Song et al. 2023; the time enters as its logarithm."""
    text = [
        r"\min_\theta E_{t, x, e}[\|\frac{d f_\theta(x_t, t)}{dt} - \partial_t f_\theta(x_t, t)\|^2]",
        r"f_\theta(y, s) = \frac{1}{1 + s^2} y + s F_\theta(y, \frac14 \log s)",
        r"x_t = x + t e; t \sim \mathcal{U}(0.1, 2); e \sim \mathcal{N}(0, I); x \sim p_{data}; x \in \mathbb{R}^2",
    ]
    net = field(1)
    o = f2d.compile(text, {r"F_\theta": net})
    x, noise = inputs(o)

    def f(y: Tensor, s: Tensor) -> Tensor:
        return y / (1 + s[:, None] ** 2) + s[:, None] * net(y, 0.25 * s.log())

    t, e = 0.1 + 1.9 * noise["t"], noise["e"]
    point = x + t[:, None] * e
    along = jvp(lambda s: f(x + s[:, None] * e, s), (t,), (torch.ones_like(t),))[1]
    fixed = jvp(lambda s: f(point, s), (t,), (torch.ones_like(t),))[1]
    assert_close(both(o(x=x, noise=noise).loss, net), both((along - fixed).square().sum(1).mean(), net))
    assert_agrees(text, {r"F_\theta": net}, {"x": x})


def test_a_network_of_a_network() -> None:
    text = [
        r"\min_\theta E_{t, x, e}[\|\frac{d}{dt} u_\theta(g_\phi(x_t, t), t)\|^2]",
        r"x_t = x + t e; t \sim \mathcal{U}(0, 1); e \sim \mathcal{N}(0, I); x \sim p_{data}; x \in \mathbb{R}^2",
    ]
    outer, inner = field(1), field(1)
    o = f2d.compile(text, {r"u_\theta": outer, r"g_\phi": inner})
    x, noise = inputs(o)
    t, e = noise["t"], noise["e"]
    along = jvp(lambda s: outer(inner(x + s[:, None] * e, s), s), (t,), (torch.ones_like(t),))[1]
    assert_close(o(x=x, noise=noise).loss, along.square().sum(1).mean())
    assert_agrees(text, {r"u_\theta": outer, r"g_\phi": inner}, {"x": x})


@pytest.mark.parametrize(
    "product",
    [
        r"\frac{\partial s_\theta(x)}{\partial x} v",
        r"\frac{d s_\theta(x)}{d x} v",
        r"\left(\partial_x s_\theta(x)\right) v",
    ],
)
def test_a_jacobian_times_a_vector(product: str) -> None:
    text = [rf"\min_\theta E_{{p_{{data}}(x)}}[\|2 {product} - v\|^2]", r"v \sim \mathcal{N}(0, I); x \in \mathbb{R}^2"]
    net = field(0)
    o = f2d.compile(text, {r"s_\theta": net})
    x, noise = inputs(o)
    jacobian = vmap(jacrev(lambda point: net(point[None])[0]))(x)
    by_hand = (2 * torch.einsum("nij,nj->ni", jacobian, noise["v"]) - noise["v"]).square().sum(1).mean()
    assert_close(both(o(x=x, noise=noise).loss, net), both(by_hand, net))
    assert_agrees(text, {r"s_\theta": net}, {"x": x})


def test_of_several_draws_each_moves_by_itself() -> None:
    text = [
        r"\min_\theta E_{x \sim p_{data}} \frac13 \sum_{k=1}^3 \|\frac{d}{dt} u_\theta(z_k, t)\|^2",
        r"z_k = (1 - t) x + t e_k; e_k \sim \mathcal{N}(0, I); t \sim \mathcal{U}(0, 1); x \in \mathbb{R}^2",
    ]
    net, x = field(1), torch.randn(N, D, dtype=torch.float64)
    o = assert_agrees(text, {r"u_\theta": net}, {"x": x})
    noise = {name: each.double() for name, each in o.example_noise(x=x).items()}
    assert noise["e"].shape == (3, N, D)

    def part(e: Tensor) -> Tensor:
        t = noise["t"]
        du = jvp(net, ((1 - t[:, None]) * x + t[:, None] * e, t), (e - x, torch.ones_like(t)))[1]
        return du.square().sum(1).mean()

    by_hand = torch.stack([part(e) for e in noise["e"]]).mean()
    assert_close(both(o(x=x, noise=noise).loss, net), both(by_hand, net))


def test_batch_norm_has_the_derivative_by_gradients() -> None:
    """Its batch moves together; its running averages move once, by one call."""
    net = field(2, nn.BatchNorm1d(8))
    o = f2d.compile(mean_flow(TOTAL[0]), {r"u_\theta": net})
    o.check_values = False
    x, noise = inputs(o)
    start = {name: each.clone() for name, each in net.state_dict().items()}
    found, moved = both(o(x=x, noise=noise).loss, net), {k: v.clone() for k, v in net.state_dict().items()}
    net.load_state_dict(start)
    t, r, e = noise["t"], noise["r"], noise["e"]
    z, v = (1 - t[:, None]) * x + t[:, None] * e, e - x
    u = net(z, r, t)
    assert_close(moved, dict(net.state_dict()))
    step = 1e-5
    with torch.no_grad():
        du = (net(z + step * v, r, t + step) - net(z - step * v, r, t - step)) / (2 * step)
    assert_close(found, both((u - (v - (t - r)[:, None] * du)).square().sum(1).mean(), net), rtol=1e-5, atol=1e-6)


def test_dropout_has_one_mask() -> None:
    net = field(2, nn.Dropout(0.5))
    o = f2d.compile(mean_flow(TOTAL[0]), {r"u_\theta": net})
    o.check_values = False
    x, noise = inputs(o)
    torch.manual_seed(2)
    found = both(o(x=x, noise=noise).loss, net)
    torch.manual_seed(2)
    assert_close(found, both(total(net, x, noise), net))
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(mean_flow(TOTAL[5]), {r"u_\theta": net})
    assert [each.code for each in caught.value.diagnostics] == ["F2D-0553"]
    assert caught.value.diagnostics[0].span is not None


def test_it_compiles_in_one_graph(tmp_path: Path) -> None:
    o = f2d.compile(mean_flow(TOTAL[0]), {r"u_\theta": field()})
    x, noise = inputs(o)
    module = written(o, tmp_path / "objective.py")
    plain = both(module(x, noise=noise).loss, module)
    torch._dynamo.reset()
    compiled: Any = torch.compile(module, fullgraph=True, backend="aot_eager")
    assert_close(both(compiled(x, noise=noise).loss, module), plain)


REFUSED = {
    "a draw that moves": (r"\frac{d}{dt} u_\theta(y, r, t)", r"y \sim \mathcal{N}(t x, I)", "F2D-0550"),
    "held": (r"\partial_t u_\theta(z_t, r, r)", "", "F2D-0551"),
    "a matrix alone": (r"\frac{\partial u_\theta(z_t, r, t)}{\partial z_t}", "", "F2D-0216"),
    "of nothing": (r"\frac{d}{dt} u_\theta(x, r, r)", "", "F2D-0215"),
    "stopped": (r"\frac{d}{dt} \mathrm{sg}(u_\theta(z_t, r, t))", "", "F2D-0215"),
    "no rule": (r"\frac{d}{dt} \nabla_{z_t} \|u_\theta(z_t, r, t)\|^2", "", "F2D-0215"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    derivative, more, code = REFUSED[name]
    found = f2d.check("\n".join([*mean_flow(derivative), more]), scaffold=True)
    assert [each.code for each in found if each.severity == "error"] == [code], found
    assert all(each.span and each.hint for each in found)


def test_beside_a_gradient_of_the_same_network() -> None:
    r"""The chain rule, ``dD/dt = <dx_t/dt, \nabla D> + \partial_t D``, by a gradient and a derivative."""
    moves = r"x_t = (1 - t) x + t e; t \sim \mathcal{U}(0, 1); e \sim \mathcal{N}(0, I); x \in \mathbb{R}^2"
    parts = r"\frac{d x_t}{dt} \cdot \nabla_{x_t} D_\theta(x_t, t) + \partial_t D_\theta(x_t, t)"
    net = field(1, out=1)
    one, other = (
        f2d.compile([rf"\min_\theta E_{{x,t}}[({each})^2]", moves], {r"D_\theta": net})
        for each in (parts, r"\frac{d}{dt} D_\theta(x_t, t)")
    )
    x, noise = inputs(one)
    assert_close(both(one(x=x, noise=noise).loss, net), both(other(x=x, noise=noise).loss, net))
    t, e = noise["t"], noise["e"]
    along = jvp(net, ((1 - t[:, None]) * x + t[:, None] * e, t), (e - x, torch.ones_like(t)))[1]
    assert_close(one(x=x, noise=noise).loss, along.square().mean())
    assert_agrees([rf"\min_\theta E_{{x,t}}[({parts})^2]", moves], {r"D_\theta": net}, {"x": x})


@pytest.mark.parametrize("target", [r"v_t - t \frac{d}{dt} u_\theta(z_t, t)", "v_t"])
def test_a_default_network_has_the_size_of_a_stopped_target(target: str) -> None:
    o = f2d.compile(
        [rf"\min_\theta E_{{t, e}}[\|u_\theta(z_t, t) - \mathrm{{sg}}({target})\|^2]", *DRAWN], scaffold=True
    )
    x, t = torch.randn(3, D), torch.rand(3)
    assert o.u_theta(x, t).shape == (3, D) and o(x=x).loss.isfinite()
