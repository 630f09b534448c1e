"""Estimates that have one mean, compared in standard errors of many evaluations at the same data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from formula2dgm.runtime.objective import Objective

#: How often estimates are evaluated, and how many standard errors their means may be apart.
EVALUATIONS, SIGMAS = 400, 6.0

Evaluation = Callable[[], Tensor]


def evaluation(objective: Objective, batch: Mapping[str, Tensor], read: Callable[..., Tensor]) -> Evaluation:
    """A number that ``read`` finds in the result of an objective at a batch, with new draws at each call."""
    player = {"player": objective.players[0]} if objective.players else {}

    def number() -> Tensor:
        with torch.no_grad():
            return read(objective(**batch, **player)).double().mean()

    return number


def apart(first: Evaluation, second: Evaluation, seed: int) -> float:
    """By how many standard errors the mean of the first is above that of the second; 0 for a difference in rounding.

    Both are evaluated at the same random numbers, which takes out of the difference what they draw alike.
    """
    found = []
    for number in range(EVALUATIONS):
        pair = []
        for each in (first, second):
            torch.manual_seed(1_000_003 * seed + number)
            pair.append(each())
        found.append(torch.stack(pair))
    pairs = torch.stack(found)
    differences = pairs[:, 0] - pairs[:, 1]
    mean, error = differences.mean().item(), (differences.std() / EVALUATIONS**0.5).item()
    rounding = 1e-9 * max(1.0, pairs.abs().max().item())
    if not math.isfinite(mean):
        return math.inf
    return 0.0 if abs(mean) <= rounding else mean / max(error, rounding / SIGMAS)
