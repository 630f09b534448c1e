"""Estimates that have one mean, compared in standard errors of many evaluations at the same data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from formula2dgm.runtime.objective import Objective

#: How often an estimate is evaluated, and how many standard errors two means may be apart.
EVALUATIONS, SIGMAS = 400, 6.0


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of evaluations, and its standard error."""

    value: float
    error: float

    def apart(self, other: Mean) -> float:
        """How many standard errors this mean is above the other; a difference in rounding alone is none."""
        difference = self.value - other.value
        error = math.hypot(self.error, other.error)
        rounding = 1e-9 * max(abs(self.value), abs(other.value), 1.0)
        if not math.isfinite(difference):
            return math.inf
        return 0.0 if abs(difference) <= rounding else math.inf if error == 0 else difference / error


def mean_of(
    objective: Objective, batch: Mapping[str, Tensor], read: Callable[[object], Tensor], seed: int, n: int = EVALUATIONS
) -> Mean:
    """The mean over n evaluations, each with new draws, of a number that ``read`` finds in the result."""
    torch.manual_seed(seed)
    player = {"player": objective.players[0]} if objective.players else {}
    with torch.no_grad():
        found = torch.stack([read(objective(**batch, **player)).double().mean() for _ in range(n)])
    return Mean(found.mean().item(), (found.std() / n**0.5).item())
