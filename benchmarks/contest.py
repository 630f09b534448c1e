"""What is compared: a model, its settings, and the contenders that compute its loss with the same networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from torch import Tensor, nn

#: The loss of the problem's batch. Noise is given by the gate alone; without it, each contender draws its own.
Loss = Callable[[Tensor | None], Tensor]


@dataclass(frozen=True)
class Problem:
    """One setting made concrete: networks and data that all contenders share.

    networks    the modules; their parameters are those whose gradients are compared
    data        tensors by name, batch first
    noise       the shape of the standard normal noise of one step
    examples    how many examples the batch has
    """

    networks: nn.Module
    data: Mapping[str, Tensor]
    noise: tuple[int, ...]
    examples: int


@dataclass(frozen=True)
class Contender:
    """One way to compute the loss.

    estimate    contenders of the same estimate agree in loss and gradients at the same noise
    needs       the package it takes, where it is not one of ours
    timed       False for what only judges the estimate of another
    """

    name: str
    says: str
    build: Callable[[Problem], Loss]
    estimate: str = "closed"
    needs: str | None = None
    timed: bool = True

    @property
    def available(self) -> bool:
        """Whether the package that it needs is installed."""
        return self.needs is None or find_spec(self.needs) is not None


@dataclass(frozen=True)
class Model:
    """A model with its contenders.

    settings      numbers by name for each row of the results, as ``{"steps": 20}``
    problem       the networks and the data of a setting, in a dtype
    contenders    the first of each estimate is what the others of it are judged against
    ours          the contender whose ratios to the others are reported
    scale         the setting's number that the cost should be proportional to
    all_up_to     the largest scale at which contenders of other packages are measured
    """

    name: str
    title: str
    formula: tuple[str, ...]
    settings: tuple[Mapping[str, int], ...]
    problem: Callable[..., Problem]
    contenders: tuple[Contender, ...]
    ours: str
    scale: str | None = None
    all_up_to: int | None = None

    def judge(self, contender: Contender) -> Contender:
        """What a contender must agree with."""
        return next(each for each in self.contenders if each.estimate == contender.estimate)

    def entrants(self, setting: Mapping[str, Any]) -> list[Contender]:
        """The contenders that can be run here and are measured in this setting."""
        small = self.scale is None or self.all_up_to is None or setting[self.scale] <= self.all_up_to
        return [each for each in self.contenders if each.available and (small or each.needs is None)]
