"""The gate: nothing is timed before all contenders agree in loss and in every gradient, at the same noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.contest import Contender, Loss, Model, Noise, Problem

#: How far two contenders may be apart, relative to the largest entry of what is compared. In float32 a gradient that is
#: a difference of large numbers is off by more than rounding; float64 tells it from a mistake.
TOLERANCES = {torch.float64: 1e-10, torch.float32: 1e-3}


LOSS = "the loss"


class Disagreement(AssertionError):
    """Two contenders do not compute the same."""


@dataclass(frozen=True)
class Agreement:
    """How far a contender was from its judge: of the loss, and of the gradient that was farthest."""

    contender: str
    dtype: str
    loss: float
    gradient: float


def evaluated(losses: Mapping[str, Loss], problem: Problem, noise: Noise) -> dict[str, Tensor]:
    """The loss of each player and every gradient of what it trains, at the given noise."""
    found = {}
    for player, loss in losses.items():
        problem.networks.zero_grad(set_to_none=True)
        value = loss(noise)
        value.backward()
        found[f"{LOSS} {player}"] = value.detach().clone()
        for name, each in problem.trained(player).items():
            found[name] = torch.zeros_like(each) if each.grad is None else each.grad.clone()
    problem.networks.zero_grad(set_to_none=True)
    return found


def distance(found: Tensor, expected: Tensor) -> float:
    """The largest difference, relative to the largest entry."""
    return float((found - expected).abs().max() / expected.abs().max().clamp_min(1e-12))


def check(
    model: Model, setting: Mapping[str, int], dtype: torch.dtype, contenders: Sequence[Contender] | None = None
) -> list[Agreement]:
    """Compare every contender of a setting with the first of its estimate; raises :class:`Disagreement`."""
    problem = model.problem(dtype=dtype, **setting)
    noise = problem.drawn(seed=2)
    results: dict[str, dict[str, Tensor]] = {}

    def result(contender: Contender) -> dict[str, Tensor]:
        if contender.name not in results:
            results[contender.name] = evaluated(contender.losses(problem), problem, noise)
        return results[contender.name]

    agreements = []
    for contender in contenders or model.entrants(setting):
        found, expected = result(contender), result(model.judge(contender))
        far = {name: distance(found[name], expected[name]) for name in expected}
        worst = max(far, key=lambda name: far[name] if far[name] == far[name] else float("inf"))
        if not far[worst] <= TOLERANCES[dtype]:
            judge = model.judge(contender).name
            raise Disagreement(
                f"{contender.name!r} and {judge!r} differ by {far[worst]:.2g} in {worst} at {dict(setting)}"
            )
        losses = [far.pop(name) for name in list(far) if name.startswith(LOSS)]
        agreements.append(Agreement(contender.name, str(dtype).removeprefix("torch."), max(losses), max(far.values())))
    return agreements
