"""The Wasserstein GAN with a gradient penalty: a step of the critic and a step of the generator."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

import formula2dgm as f2d
from benchmarks import draws, ours
from benchmarks.contest import Contender, Loss, Model, Noise, Problem
from benchmarks.models.networks import Perceptron

FORMULA = (
    r"\min_G \max_D \mathbb{E}_{x \sim p_{data}(x)}[D(x)] - \mathbb{E}_{z \sim p(z)}[D(\tilde x)] "
    r"- \lambda \mathbb{E}_{\hat x}[(\lVert \nabla_{\hat x} D(\hat x) \rVert_2 - 1)^2]",
    r"\hat x = \epsilon x + (1 - \epsilon) \tilde x, \quad \epsilon \sim U[0, 1], \quad \tilde x = G(z)",
)
PENALTY = 10.0


class Networks(nn.Module):
    """Generator and critic."""

    def __init__(self, x: int, h: int, z: int):
        super().__init__()
        self.generator = Perceptron(z, h, x)
        self.critic = nn.Sequential(nn.Linear(x, h), nn.LeakyReLU(0.2), nn.Linear(h, h), nn.LeakyReLU(0.2))
        self.critic.extend([nn.Linear(h, 1), nn.Flatten(0)])


def problem(dtype: torch.dtype, batch: int, x: int, h: int, z: int) -> Problem:
    """Networks as torch initialises them, data in [0, 1], always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        networks, data = Networks(x, h, z).to(dtype), torch.rand(batch, x).to(dtype)
    noise = {"z": draws.normal(batch, z, dtype=dtype), "epsilon": draws.uniform(batch, dtype=dtype)}
    players = {"D": ("critic",), "G": ("generator",)}
    return Problem(networks, {"x": data}, noise, {"batch": batch, "x": x, "h": h, "z": z}, players)


def people(given: Problem) -> dict[str, Loss]:
    """As people write it: three calls of the critic, the generator's sample detached."""
    nets: Any = given.networks
    x, batch, size = given.data["x"], given.sizes["batch"], given.sizes["z"]

    def noise_of_z(noise: Noise | None) -> Tensor:
        return torch.randn(batch, size, dtype=x.dtype, device=x.device) if noise is None else noise["z"]

    def critic(noise: Noise | None) -> Tensor:
        fake = nets.generator(noise_of_z(noise)).detach()
        epsilon = torch.rand(batch, 1, dtype=x.dtype, device=x.device) if noise is None else noise["epsilon"][:, None]
        between = (epsilon * x + (1 - epsilon) * fake).requires_grad_(True)
        score = nets.critic(between)
        gradients = torch.autograd.grad(
            outputs=score, inputs=between, grad_outputs=torch.ones_like(score), create_graph=True, retain_graph=True
        )[0]
        penalty = ((gradients.norm(2, dim=1) - 1) ** 2).mean()
        return -nets.critic(x).mean() + nets.critic(fake).mean() + PENALTY * penalty

    def generator(noise: Noise | None) -> Tensor:
        return -nets.critic(nets.generator(noise_of_z(noise))).mean()

    return {"D": critic, "G": generator}


def expert(given: Problem) -> dict[str, Loss]:
    """No gradient where none is needed; one call of the critic for data and samples."""
    nets: Any = given.networks
    x, batch, size = given.data["x"], given.sizes["batch"], given.sizes["z"]
    weights = list(nets.critic.parameters())

    def noise_of_z(noise: Noise | None) -> Tensor:
        return torch.randn(batch, size, dtype=x.dtype, device=x.device) if noise is None else noise["z"]

    def critic(noise: Noise | None) -> Tensor:
        with torch.no_grad():
            fake = nets.generator(noise_of_z(noise))
            epsilon = (
                torch.rand(batch, 1, dtype=x.dtype, device=x.device) if noise is None else noise["epsilon"][:, None]
            )
            between = torch.lerp(fake, x, epsilon)
        between.requires_grad_(True)
        (gradients,) = torch.autograd.grad(nets.critic(between).sum(), between, create_graph=True)
        penalty = (torch.linalg.vector_norm(gradients, dim=1) - 1).square().mean()
        scores = nets.critic(torch.cat([fake, x]))
        return scores[:batch].mean() - scores[batch:].mean() + PENALTY * penalty

    def generator(noise: Noise | None) -> Tensor:
        for each in weights:
            each.requires_grad_(False)
        loss: Tensor = -nets.critic(nets.generator(noise_of_z(noise))).mean()
        for each in weights:
            each.requires_grad_(True)
        return loss

    return {"D": critic, "G": generator}


def compiled(given: Problem) -> Any:
    """What formula2dgm makes of the formula."""
    nets: Any = given.networks
    bindings = {"D": nets.critic, "G": nets.generator, "p(z)": f2d.Normal(loc=0.0, scale=1.0), r"\lambda": PENALTY}
    return f2d.compile(list(FORMULA), bindings, dims={"z": given.sizes["z"]})


MODEL = Model(
    name="wgan_gp",
    title="WGAN-GP",
    formula=FORMULA,
    settings=(
        {"batch": 32, "x": 16, "h": 16, "z": 4},
        {"batch": 128, "x": 784, "h": 400, "z": 10},
    ),
    problem=problem,
    contenders=(
        Contender("people's", "three calls of the critic", people),
        Contender("expert's", "no gradient where none is needed, one call for data and samples", expert),
        *ours.contenders(compiled),
        Contender("expert's, torch.compile", "the expert's, compiled", ours.through_torch(expert), compiled=True),
    ),
    ours=ours.WRITTEN,
)
