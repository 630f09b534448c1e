"""The importance-weighted bound with K draws for each example."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch import distributions as td
from torch.nn import functional

import formula2dgm as f2d
from benchmarks import draws, ours
from benchmarks.contest import Contender, Loss, Model, Noise, Problem
from benchmarks.models.iwae_pyro import pyro_renyi
from benchmarks.models.networks import Autoencoder
from benchmarks.replay import replayed

FORMULA = (
    r"\mathbb{E}_{z_{1:K} \sim q(z|x)}\left[\log \frac{1}{K} \sum_{k=1}^K \frac{p(x|z_k) p(z_k)}{q(z_k|x)}\right]",
)

HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)


def problem(dtype: torch.dtype, K: int, batch: int, x: int, h: int, z: int) -> Problem:
    """Networks as torch initialises them, binary data, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        networks, data = Autoencoder(x, h, z).to(dtype), torch.rand(batch, x).round().to(dtype)
    noise = {"z": draws.normal(K, batch, z, dtype=dtype)}
    return Problem(networks, {"x": data}, noise, {"K": K, "batch": batch, "x": x, "h": h, "z": z})


def people(given: Problem) -> Loss:
    """As people write it: one draw after another, each with its weight."""
    nets: Any = given.networks
    x, count = given.data["x"], given.sizes["K"]

    def log_normal(value: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
        return (-HALF_LOG_TAU - torch.log(scale) - (value - loc) ** 2 / (2 * scale**2)).sum(-1)

    def loss(noise: Noise | None) -> Tensor:
        loc, scale = nets.encoder(x)
        log_weights = []
        for k in range(count):
            eps = torch.randn_like(scale) if noise is None else noise["z"][k]
            z = loc + eps * scale
            probabilities = torch.sigmoid(nets.decoder(z))
            log_likelihood = -functional.binary_cross_entropy(probabilities, x, reduction="none").sum(-1)
            log_prior = log_normal(z, torch.zeros_like(z), torch.ones_like(z))
            log_weights.append(log_likelihood + log_prior - log_normal(z, loc, scale))
        return -(torch.logsumexp(torch.stack(log_weights), 0) - math.log(count)).mean()

    return loss


def expert(given: Problem) -> Loss:
    """All draws at once; of the density of a draw only what does not cancel."""
    nets: Any = given.networks
    x, count = given.data["x"], given.sizes["K"]

    def loss(noise: Noise | None) -> Tensor:
        loc, scale = nets.encoder(x)
        eps = torch.randn(count, *scale.shape, dtype=scale.dtype, device=x.device) if noise is None else noise["z"]
        z = torch.addcmul(loc, scale, eps)
        logits = nets.decoder(z.flatten(0, 1)).unflatten(0, z.shape[:2])
        cross_entropy = functional.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none")
        # log p(z) - log q(z|x): the constants cancel, (z - loc) / scale is eps.
        log_ratio = 0.5 * (eps.square() - z.square()).sum(-1) + scale.log().sum(-1)
        return math.log(count) - torch.logsumexp(log_ratio - cross_entropy.sum(-1), 0).mean()

    return loss


def distributions(given: Problem) -> Loss:
    """With torch.distributions, all draws at once."""
    nets: Any = given.networks
    x, count = given.data["x"], given.sizes["K"]

    def once(noise: Noise | None) -> Iterator[Tensor] | None:
        return None if noise is None else iter([noise["z"]])

    def loss(noise: Noise | None) -> Tensor:
        posterior = td.Independent(td.Normal(*nets.encoder(x)), 1)
        prior = td.Independent(td.Normal(torch.zeros_like(posterior.mean), torch.ones_like(posterior.mean)), 1)
        with replayed(once(noise)):
            z = posterior.rsample((count,))
        likelihood = td.Independent(td.Bernoulli(logits=nets.decoder(z)), 1)
        log_weights = likelihood.log_prob(x) + prior.log_prob(z) - posterior.log_prob(z)
        return -(torch.logsumexp(log_weights, 0) - math.log(count)).mean()

    return loss


def compiled(given: Problem) -> Any:
    """What formula2dgm makes of the formula."""
    nets: Any = given.networks
    bindings = {
        "q(z|x)": f2d.Normal(nets.encoder),
        "p(x|z)": f2d.Bernoulli(nets.decoder),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        "K": given.sizes["K"],
    }
    return f2d.compile(list(FORMULA), bindings, dims={"z": given.sizes["z"]})


MODEL = Model(
    name="iwae",
    title="The importance-weighted bound",
    formula=FORMULA,
    settings=(
        *({"K": K, "batch": 32, "x": 16, "h": 16, "z": 4} for K in (16, 64)),
        *({"K": K, "batch": 32, "x": 784, "h": 400, "z": 10} for K in (16, 64)),
    ),
    problem=problem,
    contenders=(
        Contender("people's", "a loop over the draws, probabilities from a sigmoid", people),
        Contender("expert's", "all draws at once, only what does not cancel", expert),
        Contender("torch.distributions", "all draws at once, validated", distributions),
        *ours.contenders(compiled),
        Contender("expert's, torch.compile", "the expert's, compiled", ours.through_torch(expert), compiled=True),
        Contender("Pyro", "RenyiELBO, all draws at once", pyro_renyi, needs="pyro"),
    ),
    ours=ours.WRITTEN,
)
