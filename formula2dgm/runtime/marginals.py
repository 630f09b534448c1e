"""The tighter bound of an objective in memory: its arguments, and where there is none."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from formula2dgm.runtime.arguments import Arguments, refuse


def log_marginal(objective: Any, batch: tuple[Any, ...], data: dict[str, Any], draws: int, at_once: int = 8) -> Tensor:
    """The bound of every example, as the generated module computes it; the first batch is checked."""
    refuse_without(objective)
    for name, number in (("draws", draws), ("at_once", at_once)):
        refuse_no_count(name, number)
    facts = objective._facts
    chosen = {"player": objective.players[0]} if len(objective.players) > 1 else {}
    given = Arguments(facts.program, facts.generated.arguments, "objective.log_marginal").prepare(
        batch, data | chosen, objective
    )
    read = {each.name: given[facts.generated.arguments[each.name]] for each in facts.program.inputs}
    if objective.check_values:
        devices = {value.device for value in read.values() if value.device.type == "cuda"}
        with torch.no_grad(), torch.random.fork_rng(devices):
            objective({facts.generated.arguments[name]: value for name, value in read.items()}, **chosen)
    keywords = {facts.generated.arguments[name]: value for name, value in read.items()}
    found: Tensor = objective._log_marginal(**keywords, draws=draws, at_once=at_once)
    return found


def bound_name(objective: Any, draws: int) -> str:
    """What the mean of the bound is called among the numbers of an epoch."""
    refuse_without(objective)
    return f"{objective._facts.program.evidence.name} >= ({draws} draws)"


def refuse_without(objective: Any) -> None:
    """F2D-0685 where the objective has no such bound."""
    if not hasattr(objective, "_log_marginal"):
        says = "this objective has no importance-weighted bound on the data's log-density"
        hint = "it takes densities of the data and of every latent, and a density that each latent is drawn from"
        raise refuse("F2D-0685", says, hint)


def refuse_no_count(name: str, number: object) -> None:
    """F2D-0694 for what is no number of draws."""
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise refuse("F2D-0694", f"{name}={number!r} is not a whole number above 0")
