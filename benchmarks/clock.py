"""Timing: all contenders of all settings, in turn, in one process on one thread.

A round times every entry once, in a random order, so that slow drifts of the machine and the neighbour's caches meet
all alike. Each turn starts with steps that are not timed. Beside the time on the wall stands the time of the process,
which leaves out what other processes take.
"""

from __future__ import annotations

import gc
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from benchmarks.contest import Contender, Model, Problem

Step = Callable[[], None]


@dataclass
class Entry:
    """A contender in a setting, with the seconds that one step took in each round; ``peak``: the bytes it took."""

    setting: Mapping[str, int]
    contender: Contender
    step: Step
    repeats: int = 1
    peak: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"wall": [], "process": []})

    def turn(self) -> None:
        """One turn of a round."""
        gc.collect()
        gc.disable()
        try:
            self.step()
            wall, process = time.perf_counter(), time.process_time()
            for _ in range(self.repeats):
                self.step()
            self.seconds["process"].append((time.process_time() - process) / self.repeats)
            self.seconds["wall"].append((time.perf_counter() - wall) / self.repeats)
        finally:
            gc.enable()


def training_step(contender: Contender, problem: Problem, learning_rate: float | None) -> Step:
    """Gradients to None, loss, backward, and with a learning rate a step of Adam; of each player in turn."""
    turns = []
    for player, loss in contender.losses(problem).items():
        trained = list(problem.trained(player).values())
        adam = None if learning_rate is None else torch.optim.Adam(trained, lr=learning_rate, foreach=True)
        turns.append((loss, adam))
    every = list(problem.networks.parameters())
    on_gpu = every[0].device.type == "cuda"

    def step() -> None:
        for loss, adam in turns:
            for each in every:
                each.grad = None
            loss(None).backward()
            if adam is not None:
                adam.step()
        if on_gpu:
            torch.cuda.synchronize()

    return step


def entries(model: Model, learning_rate: float | None, names: Sequence[str] | None, device: str = "cpu") -> list[Entry]:
    """Every contender that can be run, in every setting, warmed up; short steps are repeated within a turn."""
    made = []
    for setting in model.settings:
        problem = model.problem(dtype=torch.float32, **setting).to(device)
        for contender in model.entrants(setting):
            if not contender.timed or (names and contender.name not in names):
                continue
            made.append(Entry(setting, contender, training_step(contender, problem, learning_rate)))
    for entry in made:
        for _ in range(3):
            entry.step()
        start = time.process_time()
        entry.step()
        entry.repeats = max(1, min(20, round(0.02 / (time.process_time() - start))))
    return made


def race(
    model: Model,
    rounds: int,
    learning_rate: float | None,
    names: Sequence[str] | None = None,
    seconds: float = math.inf,
    device: str = "cpu",
) -> list[Entry]:
    """Time all entries, round by round; no round begins after that many seconds."""
    entered, order = entries(model, learning_rate, names, device), random.Random(0)
    end = time.monotonic() + seconds  # what is compiled is by now
    gc.collect()
    gc.freeze()
    for done in range(rounds):
        if done and time.monotonic() > end:
            break
        for entry in order.sample(entered, len(entered)):
            entry.turn()
    gc.unfreeze()
    return entered
