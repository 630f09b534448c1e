"""Elementwise functions of the language that need more than one call of torch, or a plainer name."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.tensors import as_tensors


def log_sigmoid(x: Tensor | float) -> Tensor:
    """log sigmoid(x) = -log(1 + exp(-x))."""
    (x,) = as_tensors(x)
    return torch.nn.functional.logsigmoid(x)


def softplus(x: Tensor | float) -> Tensor:
    """log(1 + exp(x)) = -log sigmoid(-x), without the threshold of torch's own."""
    return -log_sigmoid(-x)


def maximum(*values: Tensor | float) -> Tensor:
    """The largest of the values, elementwise."""
    first, *others = as_tensors(*values)
    for other in others:
        first = torch.maximum(first, other)
    return first


def minimum(*values: Tensor | float) -> Tensor:
    """The smallest of the values, elementwise."""
    first, *others = as_tensors(*values)
    for other in others:
        first = torch.minimum(first, other)
    return first


def clip(x: Tensor | float, low: Tensor | float, high: Tensor | float) -> Tensor:
    """x between two bounds, elementwise; its gradient passes at the bounds, too."""
    value, least, most = as_tensors(x, low, high)
    return torch.clamp(value, least, most)


def huber(x: Tensor, delta: Tensor | float) -> Tensor:
    """x^2 / 2 up to delta, and linear from there: delta (|x| - delta / 2)."""
    near = torch.clamp(x.abs(), max=torch.as_tensor(delta, dtype=x.dtype, device=x.device))
    return near * (x.abs() - near / 2)


def elu(x: Tensor) -> Tensor:
    """x where it is positive, else exp(x) - 1."""
    return torch.nn.functional.elu(x)


def gelu(x: Tensor) -> Tensor:
    """x times the standard normal probability of what is below it."""
    return torch.nn.functional.gelu(x)


def silu(x: Tensor) -> Tensor:
    """x sigmoid(x)."""
    return torch.nn.functional.silu(x)
