"""What formula2dgm makes of a formula, as contenders: the written module, the objective in memory, both compiled."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import torch
from torch import nn

from benchmarks.contest import Contender, Loss, Losses, Noise, Problem

#: The objective of a problem, as ``f2d.compile`` returns it.
Compile = Callable[[Problem], Any]

Build = Callable[[Problem], Losses]

WRITTEN, IN_MEMORY = "generated", "generated, in memory"


def written(objective: Any) -> nn.Module:
    """The objective's own text as a module of its own, with the same networks: what a written file is."""
    module = ModuleType(f"generated_{id(objective)}")
    sys.modules[module.__name__] = module
    exec(compile(objective.source, f"<{module.__name__}>", "exec"), module.__dict__)
    arguments = inspect.signature(module.Objective).parameters
    found: nn.Module = module.Objective(**{name: getattr(objective, name) for name in arguments})
    return found


def losses_of(module: Any, given: Problem, names: Mapping[str, str]) -> Losses:
    """The losses of a generated module. ``names``: what it calls the noise that the problem has by another name."""

    def loss_of(player: str) -> Loss:
        data: dict[str, Any] = dict(given.data) | ({"player": player} if player else {})

        def loss(noise: Noise | None) -> Any:
            renamed = None if noise is None else {names.get(name, name): each for name, each in noise.items()}
            return module(**data, noise=renamed).loss

        return loss

    return {player: loss_of(player) for player in given.players} or loss_of("")


def in_dtype(build: Build) -> Build:
    """The same with the dtype of the networks as torch's default, in which tables are kept."""

    def built(given: Problem) -> Losses:
        before = torch.get_default_dtype()
        torch.set_default_dtype(next(given.networks.parameters()).dtype)
        try:
            return build(given)
        finally:
            torch.set_default_dtype(before)

    return built


def contenders(compiled: Compile, names: Mapping[str, str] | None = None) -> tuple[Contender, ...]:
    """The contenders that are ours."""
    called = names or {}

    def module(given: Problem) -> Losses:
        return losses_of(written(compiled(given)), given, called)

    def in_memory(given: Problem) -> Losses:
        return losses_of(compiled(given), given, called)

    def through_torch(given: Problem) -> Losses:
        return losses_of(torch.compile(written(compiled(given)), fullgraph=True), given, called)

    return (
        Contender(WRITTEN, "formula2dgm: the module that it writes", in_dtype(module)),
        Contender(IN_MEMORY, "formula2dgm: what f2d.compile returns", in_dtype(in_memory)),
        Contender(
            f"{WRITTEN}, torch.compile",
            "the module, torch.compile(fullgraph=True)",
            in_dtype(through_torch),
            compiled=True,
        ),
    )


def through_torch(build: Build) -> Build:
    """Code by hand through ``torch.compile``."""

    def built(given: Problem) -> Losses:
        made = build(given)
        if isinstance(made, Mapping):
            return {player: torch.compile(loss) for player, loss in made.items()}
        return torch.compile(made)

    return built
