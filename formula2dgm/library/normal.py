"""The normal distribution N(loc, scale^2), elementwise."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from formula2dgm.library.parameters import (
    describe_output,
    scale_from_log_scale,
    scale_from_log_var,
    scale_from_var,
)
from formula2dgm.library.shapes import sum_event
from formula2dgm.library.tensors import as_tensors, broadcast, floating_dtype


def normal_log_prob(value: Tensor | float, loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """log N(value; loc, scale^2) = -((value - loc) / scale)^2 / 2 - log(scale) - log(2 pi) / 2, elementwise."""
    value, loc, scale = as_tensors(value, loc, scale)
    # What does not depend on the value comes together first: the scale has fewer entries than several draws.
    return -0.5 * ((value - loc) / scale) ** 2 - (torch.log(scale) + 0.5 * math.log(2 * math.pi))


def drawn_normal_log_prob(noise: Tensor, loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """log N(z; loc, scale^2) at z = loc + scale * noise, elementwise: (z - loc) / scale is the noise."""
    noise, loc, scale = as_tensors(noise, loc, scale)
    return -0.5 * noise**2 - (torch.log(scale) + 0.5 * math.log(2 * math.pi))


def standard_normal_log_prob_sum(value: Tensor, lead: int) -> Tensor:
    """log N(value; 0, 1) = -(value^2 + log(2 pi)) / 2, summed over all dimensions after the first ``lead``."""
    (value,) = as_tensors(value)
    entries = math.prod(value.shape[lead:])
    return -0.5 * (sum_event(value * value, lead) + entries * math.log(2 * math.pi))


def standard_normal_log_ratio_sum(
    value: Tensor, noise: Tensor, loc: Tensor | float, scale: Tensor | float, lead: int
) -> Tensor:
    """log N(z; 0, 1) - log N(z; loc, scale^2) = (noise^2 - z^2) / 2 + log(scale) at z = loc + scale * noise, summed
    over all dimensions after the first ``lead``."""
    value, noise, loc, scale = as_tensors(value, noise, loc, scale)
    difference, event = noise * noise - value * value, value.shape[lead:]
    own = scale.dim() - len(event)  # how many dimensions of the scale come before its event
    if own < 0 or scale.shape[own:] != event:
        return sum_event(0.5 * difference + torch.log(scale), lead)
    return 0.5 * sum_event(difference, lead) + sum_event(torch.log(scale), own)


def normal_sample(noise: Tensor, loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """loc + scale * noise, for standard normal noise: a draw that gradients pass through."""
    if isinstance(loc, Tensor) and isinstance(scale, Tensor):
        return torch.addcmul(loc, scale, noise)
    return loc + scale * noise


def normal_noise(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Standard normal noise on the device and in the dtype of ``like``."""
    if shape == like.shape and like.is_floating_point():
        return torch.randn_like(like)
    return torch.randn(shape, dtype=floating_dtype(like), device=like.device)


def normal_entropy(loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """H[N(loc, scale^2)] = log(scale) + (1 + log(2 pi)) / 2, elementwise."""
    loc, scale = broadcast(loc, scale)
    return torch.log(scale) + 0.5 * (1 + math.log(2 * math.pi))


def normal_mean(loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """loc, elementwise."""
    loc, scale = broadcast(loc, scale)
    return loc


def normal_variance(loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """scale^2, elementwise."""
    loc, scale = broadcast(loc, scale)
    return scale**2


def normal_parameters(output: object) -> tuple[Tensor | float, Tensor | float]:
    """(loc, scale) from what a network returned: that tuple, or a dict with loc and one of scale, log_scale,
    var, log_var."""
    if isinstance(output, tuple | list) and len(output) == 2:
        return output[0], output[1]
    if isinstance(output, dict) and len(output) == 2 and "loc" in output:
        if "scale" in output:
            return output["loc"], output["scale"]
        if "log_scale" in output:
            return output["loc"], scale_from_log_scale(output["log_scale"])
        if "var" in output:
            return output["loc"], scale_from_var(output["var"])
        if "log_var" in output:
            return output["loc"], scale_from_log_var(output["log_var"])
    raise ValueError(
        "the network of a Normal returns a tuple (loc, scale), or a dict with 'loc' and one of 'scale', 'log_scale', "
        f"'var', 'log_var'; this one returned {describe_output(output)}"
    )
