"""The variational autoencoder of other libraries' tables, and a tiny one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch import distributions as td
from torch.nn import functional

import formula2dgm as f2d
from benchmarks import draws, ours
from benchmarks.contest import Contender, Loss, Model, Noise, Problem
from benchmarks.models import vae_peers as peers
from benchmarks.models.networks import Autoencoder
from benchmarks.replay import replayed

FORMULA = (r"\mathbb{E}_{q(z|x)}[\log p(x|z)] - KL[q(z|x) || p(z)]",)


def problem(dtype: torch.dtype, batch: int, x: int, h: int, z: int) -> Problem:
    """Networks as torch initialises them, binary data, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        networks, data = Autoencoder(x, h, z).to(dtype), torch.rand(batch, x).round().to(dtype)
    noise = {"z": draws.normal(batch, z, dtype=dtype)}
    return Problem(networks, {"x": data}, noise, {"batch": batch, "x": x, "h": h, "z": z})


def once(noise: Noise | None) -> Iterator[Tensor] | None:
    """The noise of z, for code that draws it itself."""
    return None if noise is None else iter([noise["z"]])


def people(given: Problem) -> Loss:
    """As tutorials write it: probabilities from a sigmoid, their cross-entropy, the divergence in closed form."""
    nets: Any = given.networks
    x, batch = given.data["x"], given.sizes["batch"]

    def loss(noise: Noise | None) -> Tensor:
        loc, scale = nets.encoder(x)
        eps = torch.randn_like(scale) if noise is None else noise["z"]
        z = loc + eps * scale
        probabilities = torch.sigmoid(nets.decoder(z))
        cross_entropy = functional.binary_cross_entropy(probabilities, x, reduction="sum")
        variance = scale.pow(2)
        divergence = -0.5 * torch.sum(1 + torch.log(variance) - loc.pow(2) - variance)
        return (cross_entropy + divergence) / batch

    return loss


def expert(given: Problem) -> Loss:
    """From logits, as few operations as there can be."""
    nets: Any = given.networks
    x, batch = given.data["x"], given.sizes["batch"]
    constant = 0.5 * given.sizes["z"] * batch

    def loss(noise: Noise | None) -> Tensor:
        loc, scale = nets.encoder(x)
        eps = torch.randn_like(scale) if noise is None else noise["z"]
        logits = nets.decoder(torch.addcmul(loc, scale, eps))
        cross_entropy = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        divergence = (0.5 * (loc.square() + scale.square()) - scale.log()).sum() - constant
        return (cross_entropy + divergence) / batch

    return loss


def distributions(given: Problem) -> Loss:
    """With torch.distributions, as it comes: with validation."""
    nets: Any = given.networks
    x = given.data["x"]

    def loss(noise: Noise | None) -> Tensor:
        posterior = td.Independent(td.Normal(*nets.encoder(x)), 1)
        prior = td.Independent(td.Normal(torch.zeros_like(posterior.mean), torch.ones_like(posterior.mean)), 1)
        with replayed(once(noise)):
            z = posterior.rsample()
        likelihood = td.Independent(td.Bernoulli(logits=nets.decoder(z)), 1)
        return (td.kl_divergence(posterior, prior) - likelihood.log_prob(x)).mean()

    return loss


def compiled(given: Problem) -> Any:
    """What formula2dgm makes of the formula."""
    nets: Any = given.networks
    bindings = {
        "q(z|x)": f2d.Normal(nets.encoder),
        "p(x|z)": f2d.Bernoulli(nets.decoder),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }
    return f2d.compile(list(FORMULA), bindings, dims={"z": given.sizes["z"]})


MODEL = Model(
    name="vae",
    title="Variational autoencoder",
    formula=FORMULA,
    settings=(
        {"batch": 32, "x": 16, "h": 16, "z": 4},
        *({"batch": 128, "x": 784, "h": h, "z": z} for h in (400, 2000) for z in (10, 30)),
    ),
    problem=problem,
    contenders=(
        Contender("people's", "sigmoid, cross-entropy of probabilities, closed divergence", people),
        Contender("expert's", "from logits, as few operations as there can be", expert),
        Contender("torch.distributions", "as they come, validated", distributions),
        *ours.contenders(compiled),
        Contender("expert's, torch.compile", "the expert's, compiled", ours.through_torch(expert), compiled=True),
        Contender("Pyro", "TraceMeanField_ELBO", peers.pyro_closed, needs="pyro"),
        Contender("Pyro, unchecked", "the same, validation off", peers.pyro_unchecked, needs="pyro"),
        Contender("Pixyz", "KullbackLeibler and Expectation, its cache as it comes", peers.pixyz_cached, needs="pixyz"),
        Contender("Pixyz, no cache", "the same, nothing kept", peers.pixyz_uncached, needs="pixyz"),
    ),
    ours=ours.WRITTEN,
)
