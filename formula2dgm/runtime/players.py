"""The players of an objective, their optimisers, and whose turn it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from formula2dgm.runtime.arguments import canonical, refuse
from formula2dgm.runtime.evaluation import Trainable, numbers_of
from formula2dgm.runtime.not_finite import Noise, whence
from formula2dgm.runtime.schedules import Schedule, number

#: What makes an optimiser: ``torch.optim.Adam``, or a function of parameters and a learning rate.
MakeOptimizer = Callable[..., torch.optim.Optimizer]
#: Where Adam's step is one call.
FUSED = ("cpu", "cuda", "mps", "xpu")


class Players:
    """Steps of each player in turn: the numbers that move, the losses, gradients, projections, targets, averages."""

    def __init__(
        self,
        objective: Trainable,
        lr: Schedule | Mapping[str, Schedule],
        optimizer: MakeOptimizer | Mapping[str, MakeOptimizer],
        steps: Mapping[str, int],
        numbers: Mapping[str, Schedule],
        clip: float,
        ema: float,
    ):
        self.objective: Any = objective
        players = objective.players if len(objective.players) > 1 else ("",)
        for chosen, given in (("lr", lr), ("optimizer", optimizer), ("steps", steps)):
            unknown = [each for each in given if each not in objective.players] if isinstance(given, Mapping) else []
            if unknown:
                raise refuse("F2D-0602", f"no player is named {unknown[0]!r}, in {chosen}=", f"players: {players}")
        self.steps = {each: steps.get(each, 1) for each in players}
        if min(self.steps.values()) < 1:
            raise refuse("F2D-0681", f"each player takes one step or more: steps={dict(steps)}")
        if not clip >= 0 or not 0 <= ema < 1:
            raise refuse("F2D-0694", f"clip={clip} starts at 0, ema={ema} is in [0, 1)")
        self.round = max(self.steps.values())
        self.rates = {each: _of(lr, each, 1e-3) for each in players}
        self.moving = {_keyword(objective, name): schedule for name, schedule in numbers.items()}
        self.clip, self.ema = clip, ema
        self.optimizers = {
            each: _made(_of(optimizer, each, torch.optim.Adam), self._parameters(each), self.rate(each, 1))
            for each in players
        }
        self.averaged: Any = None
        if ema:
            module: Any = objective
            self.averaged = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(ema))

    @property
    def shown(self) -> Any:
        """The objective with the weights that are measured: averages, where there are such."""
        return self.objective if self.averaged is None else self.averaged.module

    def _parameters(self, player: str) -> list[nn.Parameter]:
        found = self.objective.player_parameters(player) if player else self.objective.parameters()
        return [each for each in found if each.requires_grad]

    def move(self, total: int) -> dict[str, float]:
        """Set the numbers that are of the step, the ``total``-th of all; those that move."""
        moved = {}
        for name, schedule in self.moving.items():
            moved[name] = number(schedule, total)
            compiled = getattr(self.objective, "_compiled_call_impl", None) is not None
            place = next((each.device for each in self.objective.parameters()), None)
            for each in (self.objective, self.shown):
                setattr(each, name, torch.tensor(moved[name], device=place) if compiled else moved[name])
        for player, optimizer in self.optimizers.items():
            if not isinstance(self.rates[player], int | float):
                moved[f"{player}: lr" if player else "lr"] = rate = self.rate(player, total)
                set_rate(optimizer, rate)
        return moved

    def rate(self, player: str, total: int) -> float:
        """The learning rate of a player at a step."""
        found = number(self.rates[player], total)
        if not found >= 0:
            raise refuse("F2D-0691", f"the learning rate at step {total} is {found:g}", "it starts at 0")
        return found

    def step(self, batch: dict[str, Any], total: int, when: str) -> dict[str, float]:
        """One step of each player whose turn it is, the ``total``-th of all, and their numbers."""
        found: dict[str, float] = {}
        for player, optimizer in self.optimizers.items():
            if (total - 1) % self.round >= self.round - self.steps[player]:
                found |= self._step(player, optimizer, batch, when)
        if self.averaged is not None:
            self.averaged.update_parameters(self.objective)
        return found

    def _step(
        self, player: str, optimizer: torch.optim.Optimizer, batch: dict[str, Any], when: str
    ) -> dict[str, float]:
        before = Noise.now(self.objective)
        output = self.objective(batch, player=player) if player else self.objective(batch)
        numbers = numbers_of(output, player)
        self._need_finite(numbers, player, batch, when, before)
        optimizer.zero_grad(set_to_none=True)
        output.loss.mean().backward()
        weights = [each for group in optimizer.param_groups for each in group["params"]]
        norm = nn.utils.get_total_norm([each.grad for each in weights if each.grad is not None])
        if self.clip:
            nn.utils.clip_grads_with_norm_(weights, self.clip, norm)
        named = f"{player}: the norm of the gradient" if player else "the norm of the gradient"
        self._need_finite({named: norm.item()}, player, batch, when, before)
        optimizer.step()
        if (project := getattr(self.objective, "project", None)) is not None:
            project(player) if player else project()
        if (update := getattr(self.objective, "update_targets", None)) is not None:
            update(player) if player else update()
        return numbers

    def _need_finite(
        self, numbers: dict[str, float], player: str, batch: dict[str, Any], when: str, before: Noise
    ) -> None:
        """Refuse what is not finite before it reaches the weights."""
        wrong = [f"{name} is {value}" for name, value in numbers.items() if not math.isfinite(value)]
        if wrong:
            found = whence(self.objective, batch, player, before)
            raise refuse("F2D-0682", f"{when}: {', '.join(wrong)}: {found}", "lower lr, or look at the term's inputs")


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def _of(chosen: Any, player: str, default: Any) -> Any:
    return chosen.get(player, default) if isinstance(chosen, Mapping) else chosen


def _made(make: MakeOptimizer, weights: list[nn.Parameter], lr: float) -> torch.optim.Optimizer:
    """An optimiser; plain Adam steps as one call where that is possible."""
    fused = make is torch.optim.Adam and all(each.device.type in FUSED and each.is_floating_point() for each in weights)
    return make(weights, lr=lr, fused=True) if fused else make(weights, lr=lr)


def _keyword(objective: Any, name: str) -> str:
    """The attribute of a number of the formula that may move."""
    program = getattr(objective, "program", None)
    known = {each.name: each for each in program.hyperparameters} if program is not None else {}
    found = known.get(name, known.get(canonical(name)))
    if found is None or found.whole or found.fixed:
        movable = ", ".join(each.name for each in known.values() if not each.whole and not each.fixed)
        said = "is no number of the formula" if found is None else "is a size or part of a schedule: it stays"
        raise refuse("F2D-0694", f"numbers: {name} {said}", f"numbers that may move: {movable or 'none'}")
    keyword: str = objective.generated.arguments[found.name]
    return keyword
