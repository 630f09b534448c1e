"""The Laplace distribution of location loc and scale, elementwise."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.parameters import describe_output, scale_from_log_scale
from formula2dgm.library.tensors import as_tensors, broadcast, floating_dtype


def laplace_log_prob(value: Tensor | float, loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """log Laplace(value; loc, scale) = -|value - loc| / scale - log(2 scale), elementwise."""
    value, loc, scale = as_tensors(value, loc, scale)
    return -torch.abs(value - loc) / scale - torch.log(2 * scale)


def laplace_sample(noise: Tensor, loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """loc + scale * noise, for standard Laplace noise: a draw that gradients pass through."""
    return loc + scale * noise


def laplace_noise(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Standard Laplace noise, -sign(u) log(1 - |u|) for u uniform on (-1, 1), off the ends so that it is finite."""
    u = 2 * torch.rand(shape, dtype=floating_dtype(like), device=like.device) - 1
    return -torch.sign(u) * torch.log1p(-u.abs().clamp(max=1 - torch.finfo(u.dtype).eps))


def laplace_entropy(loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """H[Laplace(loc, scale)] = 1 + log(2 scale), elementwise."""
    loc, scale = broadcast(loc, scale)
    return 1 + torch.log(2 * scale)


def laplace_mean(loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """loc, elementwise."""
    loc, scale = broadcast(loc, scale)
    return loc


def laplace_variance(loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """2 scale^2, elementwise."""
    loc, scale = broadcast(loc, scale)
    return 2 * scale**2


def laplace_parameters(output: object) -> tuple[Tensor | float, Tensor | float]:
    """(loc, scale) from what a network returned: that tuple, or a dict with loc and one of scale, log_scale."""
    if isinstance(output, tuple | list) and len(output) == 2:
        return output[0], output[1]
    if isinstance(output, dict) and len(output) == 2 and "loc" in output:
        if "scale" in output:
            return output["loc"], output["scale"]
        if "log_scale" in output:
            return output["loc"], scale_from_log_scale(output["log_scale"])
    raise ValueError(
        "the network of a Laplace returns a tuple (loc, scale), or a dict with 'loc' and one of 'scale', 'log_scale'; "
        f"this one returned {describe_output(output)}"
    )
