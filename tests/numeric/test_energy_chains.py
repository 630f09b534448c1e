r"""Chains that the text writes out, ``x_k = x_{k-1} - \lambda \nabla_x E(x_{k-1}) + \omega_k``, and losses of them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import energy
from tests.support.agreement import assert_agrees

N, D, K, SIZE = 4, 3, 5, 0.3

STEP = r"\tilde x_k = \tilde x_{k-1} - \frac{\lambda}{2} \nabla_x E_\theta(\tilde x_{k-1}) + \omega_k"
NOISE = r"\omega_k \sim N(0, \lambda I)"
START = r"\tilde x_0 \sim N(0, I)"
GIVEN = rf"K = {K}; \lambda = {SIZE}"
STOPPED = r"\min_\theta E_{x \sim p_{data}}[E_\theta(x)] - E[E_\theta(sg[\tilde x_K])]"
THROUGH = r"\min_\theta E_{x \sim p_{data}}[E_\theta(x)] - E[E_\theta(\tilde x_K)]"


def data() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(N, D, dtype=torch.float64)


def given_noise(start: Tensor | None = None) -> dict[str, Tensor]:
    torch.manual_seed(2)
    noise = {"omega": torch.randn(N, K, D, dtype=torch.float64)}
    return noise if start is None else {**noise, "x_tilde_0": start}


def chain(net: nn.Module, x: Tensor, noise: Tensor, sizes: list[float], through: bool) -> Tensor:
    """Langevin's steps, by hand."""
    for k, size in enumerate(sizes):
        point = x if through and x.requires_grad else x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(net(point).sum(), point, create_graph=through)
        x = point - size / 2 * slope + math.sqrt(size) * noise[:, k]
        x = x if through else x.detach()
    return x


def gradients(loss: Tensor, net: nn.Module) -> tuple[Tensor, ...]:
    return torch.autograd.grad(loss, list(net.parameters()), allow_unused=True, materialize_grads=True)


@pytest.mark.parametrize("through", [False, True])
def test_contrastive_divergence(through: bool) -> None:
    net, x, start = energy(D), data(), torch.randn(N, D, dtype=torch.float64)
    noise = given_noise(start)
    text = [THROUGH if through else STOPPED, STEP, NOISE, START, GIVEN]
    objective = f2d.compile(text, {r"E_\theta": net})
    found = objective(x=x, noise=noise).loss
    end = chain(net, start, noise["omega"], [SIZE] * K, through)
    expected = net(x).mean() - net(end if through else end.detach()).mean()
    assert_close(found, expected)
    assert_close(gradients(found, net), gradients(expected, net))
    assert_agrees(text, {r"E_\theta": net}, {"x": x})


def test_a_stopped_chain_keeps_no_graph() -> None:
    """The steps take gradients that nothing is differentiated through, and no step's graph outlives it."""
    source = f2d.compile([STOPPED, STEP, NOISE, START, GIVEN], {r"E_\theta": energy(D)}).source
    assert "create_graph" not in source
    assert "x_tilde_previous = x_tilde_k.detach().requires_grad_()" in source
    assert "torch.stack" not in source


def test_two_gradients_of_one_call_in_a_stopped_chain() -> None:
    """Both read the graph of the call, which the first must leave."""
    net, x, start = energy(D), data(), torch.randn(N, D, dtype=torch.float64)
    slope = r"\nabla_{\tilde x_{k-1}} E_\theta(\tilde x_{k-1})"
    step = rf"\tilde x_k = \tilde x_{{k-1}} - 0.1 {slope} - 0.1 {slope}^2"
    text = [STOPPED, step, START, f"K = {K}"]
    found = f2d.compile(text, {r"E_\theta": net})(x=x, noise={"x_tilde_0": start}).loss
    end = start
    for _ in range(K):
        point = end.detach().requires_grad_()
        (slopes,) = torch.autograd.grad(net(point).sum(), point)
        end = point - 0.1 * slopes - 0.1 * 2 * net(point).reshape(N, 1) * slopes
    expected = net(x).mean() - net(end.detach()).mean()
    assert_close(found, expected)
    assert_close(gradients(found, net), gradients(expected, net))
    assert_agrees(text, {r"E_\theta": net}, {"x": x})


def test_a_chain_of_two_variables_and_one_energy() -> None:
    torch.manual_seed(4)
    net = PairEnergy().double()
    x, z, starts = data(), torch.randn(N, 2).double(), (torch.randn(N, D).double(), torch.randn(N, 2).double())
    slope = r"\nabla_{\tilde V_{k-1}} E_\theta(\tilde x_{k-1}, \tilde z_{k-1})"
    steps = [rf"\tilde V_k = \tilde V_{{k-1}} - 0.1 {slope}".replace("V", v) for v in "xz"]
    text = [
        r"\min_\theta E_{p_{data}(x, z)}[E_\theta(x, z)] - E[E_\theta(sg[\tilde x_K], sg[\tilde z_K])]",
        *steps,
        START,
        START.replace("x", "z"),
        f"K = {K}",
    ]
    noise = dict(zip(("x_tilde_0", "z_tilde_0"), starts, strict=True))
    objective = f2d.compile(text, {r"E_\theta": net}, dims={"x": D, "z": 2})
    found = objective(x=x, z=z, noise=noise).loss
    ends = starts
    for _ in range(K):
        points = tuple(each.detach().requires_grad_() for each in ends)
        slopes = torch.autograd.grad(net(*points).sum(), points)
        ends = tuple((point - 0.1 * slope).detach() for point, slope in zip(points, slopes, strict=True))
    expected = net(x, z).mean() - net(*ends).mean()
    assert_close(found, expected)
    assert_close(gradients(found, net), gradients(expected, net))


def test_a_chain_with_a_momentum_and_its_sampler() -> None:
    """What is carried and stands nowhere in the last step, v_K, goes with it: into the loss and into the sampler."""
    net, x, start, push = energy(D), data(), torch.randn(N, D).double(), torch.randn(N, D).double()
    slope = r"0.05 \nabla_{\tilde x_{k-1}} E_\theta(\tilde x_{k-1})"
    steps = [rf"v_k = v_{{k-1}} - {slope}", rf"\tilde x_k = \tilde x_{{k-1}} + 0.1 (v_{{k-1}} - {slope})"]
    text = [STOPPED, *steps, START, r"v_0 \sim N(0, I)", f"K = {K}"]
    noise = {"x_tilde_0": start, "v_0": push}
    objective = f2d.compile(text, {r"E_\theta": net}, dims={"x": D})
    end, v = start, push
    for _ in range(K):
        point = end.detach().requires_grad_()
        v = v - 0.05 * torch.autograd.grad(net(point).sum(), point)[0]
        end = end + 0.1 * v
    assert_close(objective(x=x, noise=noise).loss, net(x).mean() - net(end).mean())
    assert_close(objective.sample(N, noise=noise)["x"], end)


@pytest.mark.parametrize("through", [False, True])
@pytest.mark.parametrize("ahead", [False, True])
def test_a_chain_through_a_value_of_the_same_step(through: bool, ahead: bool) -> None:
    """x_k reads no step before itself, but u_k does: it is a chain all the same, and no data."""
    net, x, start = energy(D), data(), torch.randn(N, D, dtype=torch.float64)
    noise = given_noise(start)
    before, step = (r"\tilde x_k", "{k+1}") if ahead else (r"\tilde x_{k-1}", "k")
    steps = [rf"u_k = {before} + \omega_k", rf"\tilde x_{step} = u_k - \lambda \nabla_{{u_k}} E_\theta(u_k)"]
    text = [THROUGH if through else STOPPED, *steps, NOISE, START, GIVEN]
    objective = f2d.compile(text, {r"E_\theta": net})
    assert [each.name for each in objective.inputs] == ["x"]
    end = start
    for k in range(K):
        u = end + math.sqrt(SIZE) * noise["omega"][:, k]
        u = u if u.requires_grad else u.requires_grad_()
        end = u - SIZE * torch.autograd.grad(net(u).sum(), u, create_graph=through)[0]
        end = end if through else end.detach()
    expected = net(x).mean() - net(end).mean()
    found = objective(x=x, noise=noise).loss
    assert_close(found, expected)
    assert_close(gradients(found, net), gradients(expected, net))
    assert_agrees(text, {r"E_\theta": net}, {"x": x})


class PairEnergy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(D + 2, 8), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return self.body(torch.cat([x, z], -1))


UPDATE = [
    STEP.replace("=", r"\leftarrow").replace("_{k-1}", "").replace("_k", ""),
    NOISE.replace("_k", ""),
    START,
]
WRITTEN = [
    [STEP, NOISE, START],
    [STEP.replace(r"\nabla_x", r"\nabla_{\tilde x_{k-1}}"), NOISE, START],
    [STEP.replace("k", "t").replace(r"\tilde x_K", r"\tilde x_T"), NOISE.replace("_k", "_t"), START],
    [STEP.replace(r"\omega_k", r"\sqrt{\lambda}\, \omega_k"), r"\omega_k \sim N(0, I)", START],
    [STEP.replace("_k", "_{k+1}").replace("{k-1}", "k").replace(r"\omega_{k+1}", r"\omega_k"), NOISE, START],
    [
        STEP.replace("_k", "^{(k)}").replace("_{k-1}", "^{(k-1)}"),
        NOISE.replace("_k", "^{(k)}"),
        START.replace("_0", "^{(0)}"),
    ],
    [STEP.replace("_k", "^k").replace("_{k-1}", "^{k-1}"), NOISE.replace("_k", "^k"), START.replace("_0", "^0")],
    [
        STEP.replace(r"- \frac{\lambda}{2} \nabla_x E_\theta", r"+ \frac{\lambda}{2} \nabla_x \log p_\theta"),
        NOISE,
        START,
        r"p_\theta(x) \propto \exp(-E_\theta(x))",
    ],
    UPDATE,
]


@pytest.mark.parametrize("written", WRITTEN)
def test_ways_to_write_a_chain(written: list[str]) -> None:
    net, x, start = energy(D), data(), torch.randn(N, D, dtype=torch.float64)
    noise = given_noise(start)
    end = {2: r"\tilde x_T", 5: r"\tilde x^{(K)}", 6: r"\tilde x^K"}.get(WRITTEN.index(written), r"\tilde x_K")
    sizes = GIVEN.replace("K", "T") if "_T" in end else GIVEN
    text = [STOPPED.replace(r"\tilde x_K", end), *written, sizes]
    found = f2d.compile(text, {r"E_\theta": net})(x=x, noise=noise).loss
    assert_close(found, net(x).mean() - net(chain(net, start, noise["omega"], [SIZE] * K, False)).mean())
    assert_agrees(text, {r"E_\theta": net}, {"x": x})


def test_the_number_of_steps_is_given_at_a_call() -> None:
    net, x, start = energy(D), data(), torch.randn(N, D, dtype=torch.float64)
    noise = given_noise(start)
    objective = f2d.compile([STOPPED, STEP, NOISE, START, GIVEN], {r"E_\theta": net})
    for steps in (1, 3):
        own = {**noise, "omega": noise["omega"][:, :steps]}
        end = chain(net, start, own["omega"], [SIZE] * steps, False)
        assert_close(objective(x=x, K=steps, noise=own).loss, net(x).mean() - net(end).mean())


def test_a_last_step_written_as_a_number() -> None:
    text = [STOPPED.replace("_K", f"_{{{K}}}"), STEP, NOISE, START, rf"\lambda = {SIZE}"]
    assert_agrees(text, {r"E_\theta": energy(D)}, {"x": data()})


@pytest.mark.parametrize("through", [False, True])
def test_a_chain_that_starts_at_data(through: bool) -> None:
    net, x, noise = energy(D), data(), given_noise()
    text = [THROUGH if through else STOPPED, STEP, NOISE, r"\tilde x_0 = x", GIVEN]
    found = f2d.compile(text, {r"E_\theta": net})(x=x, noise=noise).loss
    end = chain(net, x, noise["omega"], [SIZE] * K, through)
    assert_close(found, net(x).mean() - net(end).mean())
    assert_agrees(text, {r"E_\theta": net}, {"x": x})


@pytest.mark.parametrize("through", [False, True])
def test_a_chain_that_starts_at_a_generator(through: bool) -> None:
    """The first value has a gradient of its own, which the steps take none of."""
    torch.manual_seed(3)
    generator = nn.Linear(2, D).double()
    pulled = STEP.replace("+", r"- \nabla_{\tilde x_{k-1}} \|\tilde x_{k-1} - 2 G(z)\|^2 +")
    text = [THROUGH if through else STOPPED, pulled, NOISE, r"\tilde x_0 = G(z); z \sim N(0, I)", GIVEN]
    text += [r"z \in \mathbb{R}^2"]
    assert_agrees(text, {r"E_\theta": energy(D), "G": generator}, {"x": data()})


@pytest.mark.parametrize("through", [False, True])
def test_a_chain_from_a_uniform_start(through: bool) -> None:
    """Each entry is drawn by itself, also where the text writes an interval alone."""
    text = [THROUGH if through else STOPPED, STEP, NOISE, r"\tilde x_0 \sim U(-1, 1)", GIVEN]
    text += [rf"x \in \mathbb{{R}}^{D}"]
    objective = assert_agrees(text, {r"E_\theta": energy(D)}, {"x": data()})
    assert objective.example_noise(x=data())["x_tilde_0"].shape == (N, D)


def test_step_sizes_of_a_schedule() -> None:
    net, x, start = energy(D), data(), torch.randn(N, D, dtype=torch.float64)
    noise, annealed = given_noise(start), [text.replace(r"\lambda", r"\lambda_k") for text in (STEP, NOISE)]
    text = [STOPPED, *annealed, START, rf"K = {K}; \lambda_k = 0.1 (2 - k / K)"]
    found = f2d.compile(text, {r"E_\theta": net})(x=x, noise=noise).loss
    sizes = [0.1 * (2 - k / K) for k in range(1, K + 1)]
    assert_close(found, net(x).mean() - net(chain(net, start, noise["omega"], sizes, False)).mean())
    assert_agrees(text, {r"E_\theta": net}, {"x": x})


def test_bound_step_sizes() -> None:
    net, x, start = energy(D), data(), torch.randn(N, D, dtype=torch.float64)
    noise, annealed = given_noise(start), [text.replace(r"\lambda", r"\lambda_k") for text in (STEP, NOISE)]
    sizes = torch.linspace(0.5, 0.1, K, dtype=torch.float64)
    bindings = {r"E_\theta": net, r"\lambda": sizes}
    found = f2d.compile([STOPPED, *annealed, START], bindings)(x=x, noise=noise).loss
    end = chain(net, start, noise["omega"], sizes.tolist(), False)
    assert_close(found, net(x).mean() - net(end).mean())
    assert_agrees([STOPPED, *annealed, START], bindings, {"x": x})


def test_a_chain_without_noise() -> None:
    net, x, start = energy(D), data(), torch.randn(N, D, dtype=torch.float64)
    text = [STOPPED, STEP.replace(r" + \omega_k", ""), START, GIVEN]
    found = f2d.compile(text, {r"E_\theta": net})(x=x, noise={"x_tilde_0": start}).loss
    end = chain(net, start, torch.zeros(N, K, D, dtype=torch.float64), [SIZE] * K, False)
    assert_close(found, net(x).mean() - net(end).mean())
    assert_agrees(text, {r"E_\theta": net}, {"x": x})


def test_chains_where_the_caller_takes_no_gradients() -> None:
    for text in (STOPPED, THROUGH):
        net, x = energy(D), data()
        objective = f2d.compile([text, STEP, NOISE, START, GIVEN], {r"E_\theta": net})
        noise = objective.example_noise(x=x)
        with torch.no_grad():
            found = objective(x=x, noise=noise).loss
        assert_close(found.detach(), objective(x=x, noise=noise).loss.detach())


def test_steps_beside_the_last_one() -> None:
    """A loss along the whole chain."""
    text = [
        r"\min_\theta E_{x \sim p_{data}}[E_\theta(x)] - E[E_\theta(sg[\tilde x_K])] + 0.1 \|\tilde x_1\|^2",
        STEP, NOISE, START, GIVEN,
    ]  # fmt: skip
    assert_agrees(text, {r"E_\theta": energy(D)}, {"x": data()})


def test_momentum() -> None:
    """Two values that are carried, one of them a velocity."""
    text = [
        STOPPED,
        r"v_k = 0.9 v_{k-1} - \lambda \nabla_x E_\theta(\tilde x_{k-1})",
        r"\tilde x_k = \tilde x_{k-1} + v_k",
        START,
        r"v_0 = 0",
        GIVEN,
    ]
    assert_agrees(text, {r"E_\theta": energy(D)}, {"x": data()})


def test_a_default_energy() -> None:
    text = [STOPPED, STEP, NOISE, START, GIVEN]
    objective = f2d.compile(text, scaffold=True, dims={"x": D})
    assert [each.name for each in objective.inputs] == ["x"]
    objective(**objective.example_batch(1)).loss.backward()
    assert all(each.grad is not None for each in objective.parameters())


@pytest.mark.parametrize("through", [False, True])
def test_a_gradient_by_the_last_value_beside_the_one_before(through: bool) -> None:
    """Both stand for the first value at the first step; the gradient is by one of them."""
    point = r"\tilde x_{k-1} + 0.5 \tilde x_{k-2}"
    text = [
        THROUGH if through else STOPPED,
        rf"\tilde x_k = \tilde x_{{k-1}} - \lambda \nabla_{{\tilde x_{{k-1}}}} E_\theta({point})",
        START,
        GIVEN,
    ]
    assert_agrees(text, {r"E_\theta": energy(D)}, {"x": data()})


def test_a_chain_is_the_sampler() -> None:
    net, start = energy(D), torch.randn(N, D, dtype=torch.float64)
    text = [STOPPED, STEP, NOISE, START, GIVEN, rf"x \in \mathbb{{R}}^{D}"]
    objective = f2d.compile(text, {r"E_\theta": net})
    noise = given_noise(start)
    with torch.no_grad():
        made = objective.sample(N, noise=noise)["x"]
    assert not made.requires_grad
    assert_close(made, chain(net, start, noise["omega"], [SIZE] * K, False))
    assert objective.sample(7)["x"].shape == (7, D)
