"""What is compared: a model, its settings, and the contenders that compute its loss with the same networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

#: Noise by the name of what is drawn.
Noise = Mapping[str, Tensor]
#: The loss of the problem's batch. Noise is given by the gate alone; without it, each contender draws its own.
Loss = Callable[[Noise | None], Tensor]
#: One loss, or in a game one for each player, in the order of their turns.
Losses = Loss | Mapping[str, Loss]


@dataclass(frozen=True)
class Problem:
    """One setting made concrete: networks and data that all contenders share.

    networks    the modules; their parameters are those whose gradients are compared
    data        tensors by name, batch first
    noise       by name, what draws the noise of one step from a generator
    sizes       the numbers of the setting
    players     in a game, the networks that each player trains
    """

    networks: nn.Module
    data: Mapping[str, Tensor]
    noise: Mapping[str, Callable[[torch.Generator], Tensor]]
    sizes: Mapping[str, int]
    players: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def drawn(self, seed: int) -> dict[str, Tensor]:
        """The noise of one step."""
        generator = torch.Generator().manual_seed(seed)
        return {name: draw(generator) for name, draw in self.noise.items()}

    def to(self, device: str) -> Problem:
        """The same on another device; noise that is drawn for the gate stays where it is made."""
        moved = {name: each.to(device) for name, each in self.data.items()}
        return replace(self, networks=self.networks.to(device), data=moved)

    def trained(self, player: str) -> dict[str, nn.Parameter]:
        """The parameters that a player trains (without players, all), by name."""
        parts = [f"{part}." for part in self.players.get(player, ())] or [""]
        named = self.networks.named_parameters()
        return {name: each for name, each in named if any(name.startswith(part) for part in parts)}


@dataclass(frozen=True)
class Contender:
    """One way to compute the loss.

    estimate    contenders of the same estimate agree in loss and gradients at the same noise
    needs       the package it takes, where it is not one of ours
    timed       False for what only judges the estimate of another
    compiled    it goes through torch.compile: seconds before its first step
    """

    name: str
    says: str
    build: Callable[[Problem], Losses]
    estimate: str = "closed"
    needs: str | None = None
    timed: bool = True
    compiled: bool = False

    def losses(self, problem: Problem) -> Mapping[str, Loss]:
        """Its losses by player; that of no game under an empty name."""
        built = self.build(problem)
        return built if isinstance(built, Mapping) else {"": built}

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
