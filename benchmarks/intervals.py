"""Medians, their quartiles and bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Interval:
    """A median, its 95 % interval, and the quartiles of what it is the median of."""

    median: float
    low: float
    high: float
    first_quartile: float
    third_quartile: float

    def __str__(self) -> str:
        return f"{self.median:.3f} [{self.low:.3f}, {self.high:.3f}]"


def median_interval(values: Sequence[float], resamples: int = 4000, seed: int = 0) -> Interval:
    """The median of the values, and the 2.5 and 97.5 percentiles of the medians of resampled values."""
    given = torch.tensor(values, dtype=torch.float64)
    picks = torch.randint(len(given), (resamples, len(given)), generator=torch.Generator().manual_seed(seed))
    medians = given[picks].quantile(0.5, dim=1)
    ends = medians.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    quarters = given.quantile(torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)).tolist()
    return Interval(quarters[1], ends[0], ends[1], quarters[0], quarters[2])


def ratio_interval(numerators: Sequence[float], denominators: Sequence[float]) -> Interval:
    """The ratio of two contenders: each pair was timed in the same round, so that what slows a round cancels."""
    return median_interval([above / below for above, below in zip(numerators, denominators, strict=True)])
