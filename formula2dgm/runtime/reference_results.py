"""One objective's numbers in the reference interpreter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from formula2dgm.records import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One objective's numbers, as the generated module reports them."""

    loss: Tensor
    value: Tensor
    terms: dict[str, Tensor]
    contributions: dict[str, Tensor]


#: How the numbers of examples become one.
_TOGETHER: dict[str, Callable[[Sequence[Tensor]], Tensor]] = {
    "mean": lambda parts: torch.stack(list(parts)).mean(0),
    "sum": lambda parts: torch.stack(list(parts)).sum(0),
    "none": lambda parts: torch.cat(list(parts)),
}


def whole_batch(parts: Sequence[Result], reduction: str) -> Result:
    """The numbers of a batch from those of its examples."""
    of = _TOGETHER[reduction]
    return Result(
        of([each.loss for each in parts]),
        of([each.value for each in parts]),
        {name: of([each.terms[name] for each in parts]) for name in parts[0].terms},
        {name: of([each.contributions[name] for each in parts]) for name in parts[0].contributions},
    )
