"""FactorVAE: an autoencoder, and a discriminator that tells codes from codes with permuted entries; a step of both."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch import distributions as td
from torch.nn import functional

import formula2dgm as f2d
from benchmarks import draws, ours
from benchmarks.contest import Contender, Loss, Model, Noise, Problem
from benchmarks.models.networks import Autoencoder, Perceptron
from benchmarks.replay import replayed

FORMULA = (
    r"\min_{\theta, \phi} -\mathbb{E}_{q_\phi(z|x)}[\log p_\theta(x|z)] + KL[q_\phi(z|x) || p(z)] "
    r"+ \gamma \mathbb{E}_{q_\phi(z)}[\log \frac{D(z)}{1 - D(z)}]",
    r"\max_D \mathbb{E}_{q_\phi(z)}[\log D(z)] + \mathbb{E}_{\bar q(z)}[\log(1 - D(z))]",
    r"\bar q(z) = \prod_j q_\phi(z_j)",
)
GAMMA = 10.0
AUTOENCODER, DISCRIMINATOR = "theta,phi", "D"


class Networks(Autoencoder):
    """With a discriminator of codes, which returns a logit."""

    def __init__(self, x: int, h: int, z: int):
        super().__init__(x, h, z)
        self.discriminator = nn.Sequential(Perceptron(z, h, 1), nn.Flatten(0))


def problem(dtype: torch.dtype, batch: int, x: int, h: int, z: int) -> Problem:
    """Networks as torch initialises them, binary data, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        networks, data = Networks(x, h, z).to(dtype), torch.rand(batch, x).round().to(dtype)
    noise = {
        "z": draws.normal(batch, z, dtype=dtype),
        "code": draws.normal(batch, z, dtype=dtype),
        "orders": draws.orders(z, batch),
    }
    players = {AUTOENCODER: ("encoder", "decoder"), DISCRIMINATOR: ("discriminator",)}
    return Problem(networks, {"x": data}, noise, {"batch": batch, "x": x, "h": h, "z": z}, players)


def people(given: Problem) -> dict[str, Loss]:
    """As people write it: probabilities, one entry permuted after another."""
    nets: Any = given.networks
    x, batch = given.data["x"], given.sizes["batch"]

    def autoencoder(noise: Noise | None) -> Tensor:
        loc, scale = nets.encoder(x)
        z = loc + (torch.randn_like(scale) if noise is None else noise["z"]) * scale
        cross_entropy = functional.binary_cross_entropy(torch.sigmoid(nets.decoder(z)), x, reduction="sum")
        variance = scale.pow(2)
        divergence = -0.5 * torch.sum(1 + torch.log(variance) - loc.pow(2) - variance)
        real = torch.sigmoid(nets.discriminator(z))
        return (cross_entropy + divergence) / batch + GAMMA * (torch.log(real) - torch.log(1 - real)).mean()

    def discriminator(noise: Noise | None) -> Tensor:
        loc, scale = nets.encoder(x)
        z = (loc + (torch.randn_like(scale) if noise is None else noise["code"]) * scale).detach()
        columns = []
        for j, column in enumerate(z.split(1, 1)):
            order = torch.randperm(batch, device=x.device) if noise is None else noise["orders"][j]
            columns.append(column[order])
        real = torch.sigmoid(nets.discriminator(z))
        permuted = torch.sigmoid(nets.discriminator(torch.cat(columns, 1)))
        ones, zeros = torch.ones_like(real), torch.zeros_like(real)
        return functional.binary_cross_entropy(real, ones) + functional.binary_cross_entropy(permuted, zeros)

    return {AUTOENCODER: autoencoder, DISCRIMINATOR: discriminator}


def expert(given: Problem) -> dict[str, Loss]:
    """From logits; no gradient where none is needed; the discriminator sees both kinds of codes at once."""
    nets: Any = given.networks
    x, batch, size = given.data["x"], given.sizes["batch"], given.sizes["z"]
    weights = list(nets.discriminator.parameters())
    labels = torch.cat([torch.ones(batch), torch.zeros(batch)]).to(x)

    def autoencoder(noise: Noise | None) -> Tensor:
        loc, scale = nets.encoder(x)
        z = torch.addcmul(loc, scale, torch.randn_like(scale) if noise is None else noise["z"])
        cross_entropy = functional.binary_cross_entropy_with_logits(nets.decoder(z), x, reduction="sum")
        divergence = (0.5 * (loc.square() + scale.square() - 1) - scale.log()).sum()
        for each in weights:
            each.requires_grad_(False)
        real = nets.discriminator(z).sum()
        for each in weights:
            each.requires_grad_(True)
        return (cross_entropy + divergence + GAMMA * real) / batch

    def discriminator(noise: Noise | None) -> Tensor:
        with torch.no_grad():
            loc, scale = nets.encoder(x)
            z = torch.addcmul(loc, scale, torch.randn_like(scale) if noise is None else noise["code"])
            orders = torch.rand(size, batch, device=x.device).argsort(-1) if noise is None else noise["orders"]
            codes = torch.cat([z, z.gather(0, orders.t())])
        logits = nets.discriminator(codes)
        return 2 * functional.binary_cross_entropy_with_logits(logits, labels)

    return {AUTOENCODER: autoencoder, DISCRIMINATOR: discriminator}


def distributions(given: Problem) -> dict[str, Loss]:
    """With torch.distributions for the autoencoder."""
    nets: Any = given.networks
    x = given.data["x"]

    def autoencoder(noise: Noise | None) -> Tensor:
        posterior = td.Independent(td.Normal(*nets.encoder(x)), 1)
        prior = td.Independent(td.Normal(torch.zeros_like(posterior.mean), torch.ones_like(posterior.mean)), 1)
        with replayed(None if noise is None else iter([noise["z"]])):
            z = posterior.rsample()
        likelihood = td.Independent(td.Bernoulli(logits=nets.decoder(z)), 1)
        bound = likelihood.log_prob(x) - td.kl_divergence(posterior, prior)
        return -bound.mean() + GAMMA * nets.discriminator(z).mean()

    return people(given) | {AUTOENCODER: autoencoder}


def compiled(given: Problem) -> Any:
    """What formula2dgm makes of the formula."""
    nets: Any = given.networks
    bindings = {
        r"q_\phi(z|x)": f2d.Normal(nets.encoder),
        r"p_\theta(x|z)": f2d.Bernoulli(nets.decoder),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        "D": f2d.Sigmoid(nets.discriminator),
        r"\gamma": GAMMA,
    }
    return f2d.compile(list(FORMULA), bindings, dims={"z": given.sizes["z"]})


MODEL = Model(
    name="factor_vae",
    title="FactorVAE",
    formula=FORMULA,
    settings=(
        {"batch": 32, "x": 16, "h": 16, "z": 4},
        {"batch": 128, "x": 784, "h": 400, "z": 10},
    ),
    problem=problem,
    contenders=(
        Contender("people's", "probabilities, one entry permuted after another", people),
        Contender("expert's", "from logits, no gradient where none is needed, one call of the discriminator", expert),
        Contender("torch.distributions", "for the autoencoder, validated", distributions),
        *ours.contenders(compiled, {"z": r"q_phi(z|x)", "code": r"q_phi(z|x)#2", "orders": "z_bar"}),
        Contender("expert's, torch.compile", "the expert's, compiled", ours.through_torch(expert), compiled=True),
    ),
    ours=ours.WRITTEN,
)
