"""The draw that a noise gives, differentiable in the parameters: by its definition where noise is that of the standard
member, else the value itself, whose derivative keeps its distribution function F fixed: dz = -dF / density."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch import distributions as td
from torch.distributions.dirichlet import _Dirichlet_backward

from formula2dgm.runtime.reference_families_laws import VonMises, VonMisesFisher, integral

IMPLICIT = ("Gamma", "InverseGamma", "Beta", "StudentT", "VonMises", "Kumaraswamy", "ContinuousBernoulli")


def value_at(family: str, params: Mapping[str, Tensor], noise: Tensor) -> Tensor:
    """The draw that a noise gives."""
    match family:
        case "Normal" | "Laplace" | "Logistic" | "Cauchy" | "Gumbel":
            return params["loc"] + params["scale"] * noise
        case "Uniform":
            return params["low"] + (params["high"] - params["low"]) * noise
        case "Exponential":
            return noise / params["rate"]
        case "LogNormal":
            return params["loc"].exp() * noise ** params["scale"]
        case "Delta":
            return params["loc"] + noise
        case "RelaxedBernoulli":
            odds = (params["logits"].exp() * noise / (1 - noise)) ** (1 / params["temperature"])
            return 1 - 1 / (1 + odds)
        case "RelaxedOneHotCategorical":
            scores = (params["logits"] + noise.log()) / params["temperature"].unsqueeze(-1)
            return (scores - scores.logsumexp(-1, keepdim=True)).exp()
        case "MultivariateNormal":
            return params["loc"] + torch.einsum("...ij,...j->...i", params["scale_tril"].tril(), noise)
        case "LowRankMultivariateNormal":
            return _low_rank(params["loc"], params["cov_factor"], params["cov_diag"], noise)
        case "Dirichlet":
            shape = torch.broadcast_shapes(noise.shape, params["concentration"].shape)
            return _Dirichlet.apply(params["concentration"].expand(shape), noise.expand(shape))
        case "VonMisesFisher":
            return _turned(params["loc"], params["concentration"], noise)
    return _implicit(family, params, noise) if family in IMPLICIT else noise


def _implicit(family: str, params: Mapping[str, Tensor], noise: Tensor) -> Tensor:
    noise = noise.detach()
    shape = torch.broadcast_shapes(noise.shape, *(each.shape for each in params.values()))
    noise, given = noise.expand(shape), {name: each.expand(shape) for name, each in params.items()}
    level = distribution_function(family, given, noise)
    moving = noise.clone().requires_grad_()
    fixed = {name: each.detach() for name, each in given.items()}
    with torch.enable_grad():
        (density,) = torch.autograd.grad(distribution_function(family, fixed, moving).sum(), moving)
    return noise - (level - level.detach()) / density


def distribution_function(family: str, params: Mapping[str, Tensor], value: Tensor) -> Tensor:
    """F(value) up to a constant: 0, 1/2 or 1. Beyond the mean of a law with thin tails it is F - 1, which is small and
    has the digits that F, near 1, has not."""
    match family:
        case "Kumaraswamy":
            return -((1 - value ** params["concentration1"]) ** params["concentration0"])
        case "ContinuousBernoulli":
            logits = params["logits"]
            return integral(lambda u: torch.exp(logits.unsqueeze(-1) * u), 0.0, value) / integral(
                lambda u: torch.exp(logits.unsqueeze(-1) * u), 0.0, torch.ones_like(value)
            )
        case "InverseGamma":
            return -distribution_function("Gamma", params, 1 / value)
        case "StudentT" | "VonMises":
            start: Tensor | float = params["loc"]
        case _:
            start = 0.0
    law = _one_dimensional(family, {name: each.unsqueeze(-1) for name, each in params.items()})
    density = lambda x: law.log_prob(x).exp()  # noqa: E731
    if family in ("Gamma", "Beta"):
        rest = _rest(family, params, value, density)
        return torch.where(value > _mean(family, params), -rest, integral(density, start, value))
    turns = 2 * math.pi * torch.round((value - params["loc"]) / (2 * math.pi)).detach() if family == "VonMises" else 0
    return integral(density, start, value - turns)


def _mean(family: str, params: Mapping[str, Tensor]) -> Tensor:
    if family == "Gamma":
        return params["concentration"] / params["rate"]
    return params["concentration1"] / (params["concentration1"] + params["concentration0"])


def _rest(family: str, params: Mapping[str, Tensor], value: Tensor, density: Callable[[Tensor], Tensor]) -> Tensor:
    """1 - F(value). Beyond its mean a Gamma falls by e^-40 and more up to where the integral ends; 1 - x is Beta."""
    if family == "Beta":
        turned = {"concentration1": params["concentration0"], "concentration0": params["concentration1"]}
        law = _one_dimensional(family, {name: each.unsqueeze(-1) for name, each in turned.items()})
        return integral(lambda x: law.log_prob(x).exp(), 0.0, 1 - value)
    end = value + (40 + 10 * params["concentration"].sqrt()) / params["rate"]
    return integral(density, value, end.detach())


def _one_dimensional(family: str, params: Mapping[str, Tensor]) -> td.Distribution:
    if family == "VonMises":
        return VonMises(**params)
    return getattr(td, family)(**params, validate_args=False)


def _low_rank(loc: Tensor, factor: Tensor, diagonal: Tensor, noise: Tensor) -> Tensor:
    """loc + D^1/2 (I + V (I + C)^-1 V^T) noise for V = D^-1/2 W and C C^T = I + V^T V: every matrix is formed."""
    scaled = torch.diag_embed(diagonal.rsqrt()) @ factor
    one = torch.eye(factor.shape[-1], dtype=factor.dtype)
    middle = torch.linalg.inv(one + torch.linalg.cholesky(one + scaled.mT @ scaled))
    root = torch.diag_embed(diagonal.sqrt()) @ (
        torch.eye(factor.shape[-2], dtype=factor.dtype) + scaled @ middle @ scaled.mT
    )
    return loc + torch.einsum("...ij,...j->...i", root, noise)


class _Dirichlet(torch.autograd.Function):
    """The value, with the derivative that torch.distributions gives its own draws."""

    @staticmethod
    def forward(ctx: Any, concentration: Tensor, value: Tensor) -> Tensor:
        ctx.save_for_backward(value, concentration)
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        value, concentration = ctx.saved_tensors
        return _Dirichlet_backward(value.contiguous(), concentration.contiguous(), gradients[0]), None


def _turned(loc: Tensor, concentration: Tensor, noise: Tensor) -> Tensor:
    """The value turned in the plane of the old and the new loc, its angle to loc moved at a fixed F."""
    centre, value = loc.detach(), noise.detach()
    height = (centre * value).sum(-1)
    angle = torch.atan2(torch.linalg.vector_norm(value - height.unsqueeze(-1) * centre, dim=-1), height)
    concentration = concentration.expand(angle.shape)
    law = VonMisesFisher(loc.expand(value.shape), concentration)
    level = law.angle_integral(torch.ones_like, angle) / law.angle_integral(torch.ones_like)
    density = torch.exp(concentration * (height - 1)) * angle.sin() ** (loc.shape[-1] - 2)
    density = (density / law.angle_integral(torch.ones_like)).detach()
    moved = (angle - (level - level.detach()) / density).unsqueeze(-1)
    around = torch.nn.functional.normalize(value - height.unsqueeze(-1) * centre, dim=-1)
    drawn = moved.cos() * centre + moved.sin() * around
    unit = torch.nn.functional.normalize(loc, dim=-1)
    plane = unit.unsqueeze(-1) * centre.unsqueeze(-2) - centre.unsqueeze(-1) * unit.unsqueeze(-2)
    turn = torch.matrix_exp(plane)  # to first order in loc - centre the least rotation of centre to loc
    return torch.einsum("...ij,...j->...i", turn, drawn)
