"""The logarithm of a mean of importance weights."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor


def log_mean_weight(log_weight: Callable[..., Tensor], data: dict[str, Tensor], draws: int, at_once: int) -> Tensor:
    """log 1/K sum_k exp(log_weight), for each example, at K = ``draws`` draws, of which ``at_once`` at a time: as many
    copies of the examples. No gradient passes."""
    found = []
    with torch.no_grad():
        for done in range(0, draws, at_once):
            copies = min(at_once, draws - done)
            many = {name: torch.cat([value] * copies) for name, value in data.items()}
            found.append(log_weight(**many).reshape(copies, -1))
    return torch.logsumexp(torch.cat(found), 0) - math.log(draws)
