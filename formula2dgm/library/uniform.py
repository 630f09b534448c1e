"""The uniform distribution on [low, high], elementwise."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.parameters import describe_output
from formula2dgm.library.tensors import as_tensors, broadcast, floating_dtype


def uniform_log_prob(value: Tensor | float, low: Tensor | float, high: Tensor | float) -> Tensor:
    """log U(value; low, high) = -log(high - low) inside [low, high], minus infinity outside, elementwise."""
    value, low, high = as_tensors(value, low, high)
    inside = (value >= low) & (value <= high)
    return torch.where(inside, -torch.log(high - low), -torch.inf)


def uniform_sample(noise: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """low + (high - low) * noise, for noise uniform on [0, 1): a draw that gradients pass through."""
    return low + (high - low) * noise


def uniform_noise(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Noise uniform on [0, 1)."""
    return torch.rand(shape, dtype=floating_dtype(like), device=like.device)


def uniform_entropy(low: Tensor | float, high: Tensor | float) -> Tensor:
    """H[U(low, high)] = log(high - low), elementwise."""
    low, high = broadcast(low, high)
    return torch.log(high - low)


def uniform_mean(low: Tensor | float, high: Tensor | float) -> Tensor:
    """(low + high) / 2, elementwise."""
    low, high = broadcast(low, high)
    return (low + high) / 2


def uniform_variance(low: Tensor | float, high: Tensor | float) -> Tensor:
    """(high - low)^2 / 12, elementwise."""
    low, high = broadcast(low, high)
    return (high - low) ** 2 / 12


def uniform_parameters(output: object) -> tuple[Tensor | float, Tensor | float]:
    """(low, high) from what a network returned: that tuple, or a dict with low and high."""
    if isinstance(output, tuple | list) and len(output) == 2:
        return output[0], output[1]
    if isinstance(output, dict) and set(output) == {"low", "high"}:
        return output["low"], output["high"]
    raise ValueError(
        "the network of a Uniform returns a tuple (low, high), or a dict with 'low' and 'high'; "
        f"this one returned {describe_output(output)}"
    )
