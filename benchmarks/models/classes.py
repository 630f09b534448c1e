"""A class that is not seen: the bound on log p(x) as an exact sum over all classes (the unlabelled part of M2)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributions as td
from torch.nn import functional

import formula2dgm as f2d
from benchmarks import draws, ours
from benchmarks.contest import Contender, Loss, Model, Noise, Problem
from benchmarks.models.classes_pyro import pyro_enumerated
from benchmarks.models.networks import Encoder, Perceptron
from benchmarks.replay import replayed

FORMULA = (
    r"\sum_y q(y|x) \left(\mathbb{E}_{q(z|x,y)}[\log p(x|y,z)] - KL[q(z|x,y) || p(z)] + \log p(y) - \log q(y|x)\right)",
)


class FromClass(nn.Module):
    """A network of a class, given as its number, and of a vector."""

    def __init__(self, inside: nn.Module, classes: int, class_first: bool):
        super().__init__()
        self.inside, self.classes, self.class_first = inside, classes, class_first

    def forward(self, first: Tensor, second: Tensor) -> Any:
        y, vector = (first, second) if self.class_first else (second, first)
        one_hot = functional.one_hot(y, self.classes).to(vector.dtype)
        return self.inside(one_hot, vector)


class Networks(nn.Module):
    """q(y|x), q(z|x,y), p(x|y,z)."""

    def __init__(self, y: int, x: int, h: int, z: int):
        super().__init__()
        self.classifier = Perceptron(x, h, y)
        self.encoder = FromClass(Encoder(y + x, h, z), y, class_first=False)
        self.decoder = FromClass(Perceptron(y + z, h, x), y, class_first=True)


def problem(dtype: torch.dtype, y: int, batch: int, x: int, h: int, z: int) -> Problem:
    """Networks as torch initialises them, binary data, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        networks, data = Networks(y, x, h, z).to(dtype), torch.rand(batch, x).round().to(dtype)
    noise = {"z": draws.normal(y, batch, z, dtype=dtype)}
    return Problem(networks, {"x": data}, noise, {"y": y, "batch": batch, "x": x, "h": h, "z": z})


def people(given: Problem) -> Loss:
    """As people write it: one class after another."""
    nets: Any = given.networks
    x, classes, batch = given.data["x"], given.sizes["y"], given.sizes["batch"]

    def loss(noise: Noise | None) -> Tensor:
        probabilities = torch.softmax(nets.classifier(x), -1)
        total = x.new_zeros(batch)
        for each in range(classes):
            y = torch.full((batch,), each, device=x.device)
            loc, scale = nets.encoder(x, y)
            eps = torch.randn_like(scale) if noise is None else noise["z"][each]
            z = loc + eps * scale
            reconstruction = torch.sigmoid(nets.decoder(y, z))
            cross_entropy = functional.binary_cross_entropy(reconstruction, x, reduction="none").sum(-1)
            variance = scale.pow(2)
            divergence = -0.5 * torch.sum(1 + torch.log(variance) - loc.pow(2) - variance, -1)
            total = total + probabilities[:, each] * (cross_entropy + divergence)
        entropy = -(probabilities * torch.log(probabilities)).sum(-1)
        return (total - entropy + math.log(classes)).mean()

    return loss


def expert(given: Problem) -> Loss:
    """All classes at once, from logits."""
    nets: Any = given.networks
    x, classes, batch = given.data["x"], given.sizes["y"], given.sizes["batch"]
    y = torch.arange(classes, device=x.device).repeat_interleave(batch)

    def loss(noise: Noise | None) -> Tensor:
        log_q = torch.log_softmax(nets.classifier(x), -1)
        loc, scale = nets.encoder(x.expand(classes, *x.shape).flatten(0, 1), y)
        eps = torch.randn_like(scale) if noise is None else noise["z"].flatten(0, 1)
        logits = nets.decoder(y, torch.addcmul(loc, scale, eps)).unflatten(0, (classes, batch))
        cross_entropy = functional.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none")
        divergence = (0.5 * (loc.square() + scale.square() - 1) - scale.log()).sum(-1).unflatten(0, (classes, batch))
        costs = (cross_entropy.sum(-1) + divergence).t() + log_q
        return (log_q.exp() * costs).sum() / batch + math.log(classes)

    return loss


def distributions(given: Problem) -> Loss:
    """With torch.distributions, all classes at once."""
    return _of_distributions(given, closed=True)


def at_draws(given: Problem) -> Loss:
    """The same with the divergence at the draws."""
    return _of_distributions(given, closed=False)


def _of_distributions(given: Problem, closed: bool) -> Loss:
    nets: Any = given.networks
    x, classes = given.data["x"], given.sizes["y"]

    def loss(noise: Noise | None) -> Tensor:
        q_y = td.Categorical(logits=nets.classifier(x))
        p_y = td.Categorical(logits=torch.zeros_like(q_y.logits))
        y = q_y.enumerate_support()  # [classes, batch]
        loc, scale = nets.encoder(x.expand(classes, *x.shape).flatten(0, 1), y.flatten())
        posterior = td.Independent(td.Normal(loc.unflatten(0, y.shape), scale.unflatten(0, y.shape)), 1)
        prior = td.Independent(td.Normal(torch.zeros_like(posterior.mean), torch.ones_like(posterior.mean)), 1)
        with replayed(None if noise is None else iter([noise["z"]])):
            z = posterior.rsample()
        logits = nets.decoder(y.flatten(), z.flatten(0, 1)).unflatten(0, y.shape)
        likelihood = td.Independent(td.Bernoulli(logits=logits), 1)
        divergence = td.kl_divergence(posterior, prior) if closed else posterior.log_prob(z) - prior.log_prob(z)
        bounds = likelihood.log_prob(x) - divergence + p_y.log_prob(y) - q_y.log_prob(y)
        return -(q_y.log_prob(y).exp() * bounds).sum(0).mean()

    return loss


def compiled(given: Problem) -> Any:
    """What formula2dgm makes of the formula."""
    nets: Any = given.networks
    bindings = {
        "q(y|x)": f2d.Categorical(nets.classifier),
        "q(z|x,y)": f2d.Normal(nets.encoder),
        "p(x|y,z)": f2d.Bernoulli(nets.decoder),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        "p(y)": f2d.Categorical(logits=given.data["x"].new_zeros(given.sizes["y"])),
    }
    return f2d.compile(list(FORMULA), bindings, dims={"z": given.sizes["z"]})


MODEL = Model(
    name="classes",
    title="An exact sum over classes",
    formula=FORMULA,
    settings=(
        {"y": 10, "batch": 32, "x": 16, "h": 16, "z": 4},
        {"y": 10, "batch": 32, "x": 784, "h": 400, "z": 10},
    ),
    problem=problem,
    contenders=(
        Contender("people's", "a loop over the classes, probabilities from a sigmoid", people),
        Contender("expert's", "all classes at once, from logits", expert),
        Contender("torch.distributions", "all classes at once, validated", distributions),
        *ours.contenders(compiled),
        Contender("expert's, torch.compile", "the expert's, compiled", ours.through_torch(expert), compiled=True),
        Contender("at draws", "judges the next: torch.distributions", at_draws, estimate="sampled", timed=False),
        Contender("Pyro", "TraceEnum_ELBO, the divergence at draws", pyro_enumerated, estimate="sampled", needs="pyro"),
    ),
    ours=ours.WRITTEN,
)
