r"""Gradients inside an objective, ``\nabla_x D(x)`` and traces: by hand, by the reference, and in one compiled graph.

Plain ``torch.compile(module, fullgraph=True)`` takes the written file. Networks with batch norm in training, dropout or
recurrence are right too, uncompiled.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import grad, hessian, jacrev, vmap
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees

N, D = 5, 3
Net = Callable[[Tensor], Tensor]


def penalty(net: Net, x: Tensor, noise: dict[str, Tensor]) -> Tensor:
    """Gulrajani et al. 2017; the networks are stateless, so each example stands alone."""
    slopes = vmap(grad(lambda point: net(point[None]).sum()))(x)
    return ((slopes.norm(dim=1) - 1) ** 2).mean() - net(x).mean()


def hyvarinen(net: Net, x: Tensor, noise: dict[str, Tensor]) -> Tensor:
    trace = vmap(jacrev(lambda point: net(point[None])[0]))(x).diagonal(dim1=1, dim2=2).sum(1)
    return (trace + 0.5 * net(x).square().sum(1)).mean()


def hyvarinen_of_energy(net: Net, x: Tensor, noise: dict[str, Tensor]) -> Tensor:
    def log_density(point: Tensor) -> Tensor:
        return -net(point[None]).sum()

    trace = vmap(hessian(log_density))(x).diagonal(dim1=1, dim2=2).sum(1)
    return (trace + 0.5 * vmap(grad(log_density))(x).square().sum(1)).mean()


def sliced(net: Net, x: Tensor, noise: dict[str, Tensor]) -> Tensor:
    """Song et al. 2019."""
    v = noise["v"]
    jacobian = vmap(jacrev(lambda point: net(point[None])[0]))(x)
    return (torch.einsum("ni,nij,nj->n", v, jacobian, v) + 0.5 * (v * net(x)).sum(1) ** 2).mean()


def denoising_energy(net: Net, x: Tensor, noise: dict[str, Tensor]) -> Tensor:
    """Vincent 2011: the target's score is -(y - x) / 0.3^2."""
    y = x + 0.3 * noise["y"]
    score = -vmap(grad(lambda point: net(point[None]).sum()))(y)
    return (score + (y - x) / 0.09).square().sum(1).mean()


#: The formula, the network's name, how many numbers it returns, and the same by hand.
MODELS: dict[str, tuple[list[str], str, int, Callable[[Net, Tensor, dict[str, Tensor]], Tensor]]] = {
    "penalty": (
        [r"\min_D E_{x \sim p_{data}}[(\|\nabla_x D(x)\|_2 - 1)^2] - E_{x \sim p_{data}}[D(x)]"],
        "D",
        1,
        penalty,
    ),
    "trace": (
        [r"\min_\theta E_{p_{data}(x)}[\mathrm{tr}(\nabla_x s_\theta(x)) + \frac12 \|s_\theta(x)\|^2]"],
        r"s_\theta",
        D,
        hyvarinen,
    ),
    "trace of an energy": (
        [
            r"\min_\theta E_{p_{data}(x)}[\mathrm{tr}(\nabla_x^2 \log p_\theta(x))"
            r" + \frac12 \|\nabla_x \log p_\theta(x)\|^2]",
            r"p_\theta(x) \propto \exp(-E_\theta(x))",
        ],
        r"E_\theta",
        1,
        hyvarinen_of_energy,
    ),
    "sliced": (
        [
            r"\min_\theta E_{p_{data}(x)}[v^\top \nabla_x s_\theta(x) v + \frac12 (v^\top s_\theta(x))^2]",
            r"v \sim \mathcal{N}(0, I)",
        ],
        r"s_\theta",
        D,
        sliced,
    ),
    "denoising energy": (
        [
            r"\min_\theta E_{p_{data}(x)} E_{q(y|x)}[\|\nabla_y \log p_\theta(y) - \nabla_y \log q(y|x)\|^2]",
            r"p_\theta(y) \propto \exp(-E_\theta(y)); q(y|x) = \mathcal{N}(y; x, 0.09 I)",
        ],
        r"E_\theta",
        1,
        denoising_energy,
    ),
}


def network(kind: str, size: int) -> nn.Module:
    torch.manual_seed(0)
    between: dict[str, list[nn.Module]] = {
        "plain": [],
        "layer norm": [nn.LayerNorm(8)],
        "batch norm in evaluation": [nn.BatchNorm1d(8).eval()],
        "spectral norm": [],
        "batch norm": [nn.BatchNorm1d(8)],
        "dropout": [nn.Dropout(0.4)],
    }
    first: nn.Module = nn.Linear(D, 8)
    if kind == "spectral norm":
        first = nn.utils.parametrizations.spectral_norm(first).eval()
    return nn.Sequential(first, *between[kind], nn.Tanh(), nn.Linear(8, size)).double()


def data() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(N, D, dtype=torch.float64)


def written(objective: f2d.Objective, path: Path) -> nn.Module:
    """The objective's file, with the same networks."""
    objective.save(path)
    spec = importlib.util.spec_from_file_location("written_objective", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: nn.Module = module.Objective(**dict(objective.named_children()))
    return made.train(objective.training)


def both(loss: Tensor, module: nn.Module) -> tuple[Tensor, tuple[Tensor, ...]]:
    return loss, torch.autograd.grad(loss, list(module.parameters()), allow_unused=True, materialize_grads=True)


STATELESS = ["plain", "layer norm", "batch norm in evaluation", "spectral norm"]


def noise_of(objective: f2d.Objective, x: Tensor) -> dict[str, Tensor]:
    torch.manual_seed(2)
    return objective.example_noise(x=x)


@pytest.mark.parametrize("kind", STATELESS)
@pytest.mark.parametrize("name", MODELS)
def test_value_and_gradients_are_those_by_hand(name: str, kind: str) -> None:
    if kind == "layer norm" and name == "trace of an energy":
        pytest.skip("torch's layer norm has no right third derivatives, by torch.autograd nor by torch.func")
    text, key, size, by_hand = MODELS[name]
    net, x = network(kind, size), data()
    o = f2d.compile(text, {key: net}, dims={"x": D})
    o.train(kind not in ("batch norm in evaluation", "spectral norm"))
    noise = noise_of(o, x)
    assert_close(both(o(x=x, noise=noise).loss, o), both(by_hand(net, x, noise), o))


@pytest.mark.parametrize("name", MODELS)
def test_the_reference_agrees(name: str) -> None:
    text, key, size, _ = MODELS[name]
    assert_agrees(text, {key: network("plain", size)}, {"x": data()}, dims={"x": D})


@pytest.mark.parametrize("name", MODELS)
def test_the_value_without_gradients(name: str) -> None:
    """An evaluation under ``torch.no_grad()``, of a validation set, say."""
    text, key, size, by_hand = MODELS[name]
    net, x = network("plain", size), data()
    o = f2d.compile(text, {key: net}, dims={"x": D})
    noise = noise_of(o, x)
    with torch.no_grad():
        found = o(x=x, noise=noise)
    assert_close(found.value, by_hand(net, x, noise))


def compiled_as_plain(name: str, kind: str, path: Path, backend: str) -> None:
    text, key, size, _ = MODELS[name]
    net, x = network(kind, size), data()
    o = f2d.compile(text, {key: net}, dims={"x": D})
    o.train(kind not in ("batch norm in evaluation", "spectral norm"))
    module, noise = written(o, path), noise_of(o, x)
    torch.manual_seed(4)
    plain = both(module(x, noise=noise).loss, module)
    torch._dynamo.reset()
    compiled: Any = torch.compile(module, fullgraph=True, backend=backend)
    torch.manual_seed(4)
    assert_close(both(compiled(x, noise=noise).loss, module), plain)
    assert not x.requires_grad


@pytest.mark.parametrize("name", MODELS)
def test_the_written_file_compiles_in_one_graph(name: str, tmp_path: Path) -> None:
    compiled_as_plain(name, "plain", tmp_path / "objective.py", "aot_eager")


@pytest.mark.parametrize("kind", ["layer norm", "spectral norm", "dropout"])
def test_with_other_networks_without_a_state_too(kind: str, tmp_path: Path) -> None:
    compiled_as_plain("denoising energy", kind, tmp_path / "objective.py", "aot_eager")


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_inductor_compiles_it(name: str, tmp_path: Path) -> None:
    compiled_as_plain(name, "plain", tmp_path / "objective.py", "inductor")


def batch_gradient(y: Tensor, x: Tensor) -> Tensor:
    return torch.autograd.grad(y.sum(), x, create_graph=True)[0]


@pytest.mark.parametrize("kind", ["batch norm", "dropout"])
@pytest.mark.parametrize("where", ["memory", "file"])
def test_layers_with_a_state_or_noise(kind: str, where: str, tmp_path: Path) -> None:
    """One call of the network in training, as one writes it by hand; its running averages move once. A file that is
    written for other networks is right for these too."""
    text, key, size, _ = MODELS["penalty"]
    net, x = network(kind, size), data()
    start = {name: each.clone() for name, each in net.state_dict().items()}
    torch.manual_seed(3)
    point = x.clone().requires_grad_()
    value = net(point).squeeze(-1)
    slope = batch_gradient(value, point)
    wanted = both(((slope.norm(dim=1) - 1) ** 2).mean() - value.mean(), net)
    moved = {name: each.clone() for name, each in net.state_dict().items()}
    net.load_state_dict(start)
    o = f2d.compile(text, {key: net if where == "memory" else network("plain", size)}, dims={"x": D})
    module: Any = o
    if where == "file":
        module = written(o, tmp_path / "objective.py")
        setattr(module, key, net)
        module.check_values = False
    else:
        o.check_values = False
    torch.manual_seed(3)
    found = both(module(x=x).loss, net)
    assert_close(found, wanted)
    assert_close(dict(net.state_dict()), moved)


def test_batch_norm_compiles_in_place() -> None:
    """Its running averages may not change inside of ``torch.func``: the gradient is that of values there."""
    text, key, size, _ = MODELS["penalty"]
    net, x = network("batch norm", size), data()
    o = f2d.compile(text, {key: net}, dims={"x": D})
    assert "gradient_at(" not in o.source
    plain = both(o(x=x).loss, net)
    o.compile(fullgraph=True, backend="aot_eager")
    assert_close(both(o(x=x).loss, net), plain)


class Recurrent(nn.Module):
    """The last state of a GRU over the three entries, as one number."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.GRU(1, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.unsqueeze(-1))[0][:, -1].sum(-1)


def test_recurrent_networks() -> None:
    text, key, _, _ = MODELS["penalty"]
    net, x = Recurrent().double(), data()
    point = x.clone().requires_grad_()
    value = net(point)
    slope = batch_gradient(value, point)
    wanted = both(((slope.norm(dim=1) - 1) ** 2).mean() - value.mean(), net)
    assert_close(both(f2d.compile(text, {key: net}, dims={"x": D})(x=x).loss, net), wanted)


def test_points_that_a_network_makes() -> None:
    """WGAN-GP: between data and what G makes; the players' gradients are those of the eager form."""
    o = f2d.compile(
        [
            r"\min_G \max_D E_{x \sim p_{data}}[D(x)] - E_{z \sim p(z)}[D(\tilde x)]"
            r" - 10 E_{\hat x}[(\|\nabla_{\hat x} D(\hat x)\|_2 - 1)^2]",
            r"\tilde x = G(z); \hat x = \epsilon x + (1 - \epsilon) \tilde x; \epsilon \sim U(0, 1)",
            r"p(z) = \mathcal{N}(z; 0, I); z \in \mathbb{R}^2; x \in \mathbb{R}^3",
        ],
        scaffold=True,
    ).double()  # fmt: skip
    x, noise = data(), {name: each.double() for name, each in o.example_noise(x=data()).items()}
    o(x=x, noise=noise, player="D")
    plain = both(o(x=x, noise=noise, player="D").loss, o)
    torch._dynamo.reset()
    compiled: Any = torch.compile(o, fullgraph=True, backend="aot_eager")
    assert_close(both(compiled(x=x, noise=noise, player="D").loss, o), plain)
    fake, mix = o.G(noise["z"]), noise["epsilon"][:, None]
    point = (mix * x + (1 - mix) * fake.detach()).requires_grad_()
    slope = batch_gradient(o.D(point), point)
    value = o.D(x).mean() - o.D(fake.detach()).mean() - 10 * ((slope.norm(dim=1) - 1) ** 2).mean()
    assert_close(both(-value, o), plain)
