"""Elementwise functions of the language that need more than one call of torch, or a plainer name."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.tensors import as_tensors


def log_sigmoid(x: Tensor) -> Tensor:
    """log sigmoid(x) = -log(1 + exp(-x))."""
    return torch.nn.functional.logsigmoid(x)


def softplus(x: Tensor) -> Tensor:
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
