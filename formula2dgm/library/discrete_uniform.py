"""The uniform distribution on the whole numbers low, low + 1, ..., high, elementwise."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.enumeration import all_words
from formula2dgm.library.parameters import named_outputs
from formula2dgm.library.tensors import as_tensors, broadcast, floating_dtype


def discrete_uniform_log_prob(value: Tensor | float, low: Tensor | float, high: Tensor | float) -> Tensor:
    """-log(high - low + 1) for a whole number from low to high, else minus infinity, elementwise."""
    value, low, high = as_tensors(value, low, high)
    inside = (value >= low) & (value <= high) & (value == torch.floor(value))
    return torch.where(inside, -torch.log(high - low + 1), -torch.inf)


def discrete_uniform_draw(shape: tuple[int, ...], low: Tensor | float, high: Tensor | float) -> Tensor:
    """Whole numbers of this shape, in the dtype of the parameters."""
    low, high = (each.detach().expand(shape) for each in broadcast(low, high))
    u = torch.rand(shape, dtype=floating_dtype(low), device=low.device)
    return torch.minimum(low + torch.floor(u * (high - low + 1)), high)


def discrete_uniform_draw_between(shape: tuple[int, ...], low: float, high: float, like: Tensor) -> Tensor:
    """Whole numbers of this shape between two numbers, in the dtype and on the device of ``like``."""
    if high < low:
        raise ValueError(f"there is no whole number from {low} to {high} to draw: is a sequence too short?")
    return torch.randint(int(low), int(high) + 1, shape, dtype=floating_dtype(like), device=like.device)


def discrete_uniform_entropy(low: Tensor | float, high: Tensor | float) -> Tensor:
    """H = log(high - low + 1), elementwise."""
    low, high = broadcast(low, high)
    return torch.log(high - low + 1)


def discrete_uniform_mean(low: Tensor | float, high: Tensor | float) -> Tensor:
    """(low + high) / 2, elementwise."""
    low, high = broadcast(low, high)
    return (low + high) / 2


def discrete_uniform_variance(low: Tensor | float, high: Tensor | float) -> Tensor:
    """((high - low + 1)^2 - 1) / 12, elementwise."""
    low, high = broadcast(low, high)
    return (high - low) * (high - low + 2) / 12


def discrete_uniform_values(low: Tensor | float, high: Tensor | float, lead: int) -> Tensor:
    """All values of the event after the first ``lead`` dimensions, from the least low to the largest high:
    [size^places, event...]."""
    low, high = broadcast(low, high)
    least, most = int(low.min().item()), int(high.max().item())
    words = all_words(most - least + 1, tuple(low.shape[lead:]), low.device)
    return (words + least).to(low.dtype)


def discrete_uniform_parameters(output: object) -> tuple[Tensor | float, Tensor | float]:
    """(low, high) from what a network returned."""
    low, high = named_outputs("DiscreteUniform", output, {"low": {}, "high": {}})
    return low, high
