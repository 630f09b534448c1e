"""Times of the compiler's stages, of a whole compile, and of a whole process; in milliseconds of the processor."""

from __future__ import annotations

import gc
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import torch
from torch import nn

import formula2dgm as f2d
from formula2dgm import driver
from formula2dgm.bindings import NO_BINDINGS
from formula2dgm.codegen import generate
from formula2dgm.options import make_options
from formula2dgm.passes import run_passes

ROOT = Path(__file__).parents[2]
STAGES = ("read", "resolve", "optimise", "generate")
ELBO = "E_q(z|x)[log p(x|z)] - {weight} * KL[q(z|x) || p(z)]"


def stages(text: str) -> dict[str, float]:
    """The time of each stage of a text that nothing is bound in; generating ends with Python's own compilation."""
    options, times = make_options(scaffold=True), dict[str, float]()

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        made = work()
        times[stage] = 1e3 * (time.process_time() - start)
        return made

    driver._read_text.cache_clear()
    gc.collect()
    found = timed("read", lambda: driver.read(text).raise_errors())
    program = timed("resolve", lambda: driver.resolved(found, NO_BINDINGS, options))
    optimised = timed("optimise", lambda: run_passes(program))
    generated = timed("generate", lambda: generate(optimised))
    return {**times, "total": sum(times.values()), "lines": generated.source.count("\n")}


def fastest(text: str, rounds: int) -> dict[str, float]:
    """The stages of the fastest of some rounds: all else that a machine does only adds to it."""
    return min((stages(text) for _ in range(rounds)), key=lambda each: each["total"])


def elbo(rounds: int) -> dict[str, dict[str, float]]:
    """From the text of an evidence lower bound and networks to an objective, in a process that has done it before."""
    pairs = [(nn.Linear(784, 20), nn.Linear(10, 784)) for _ in range(2)]
    bound = [
        {"q(z|x)": f2d.Normal(encoder), "p(x|z)": f2d.Bernoulli(decoder), "p(z)": f2d.Normal(loc=0.0, scale=1.0)}
        for encoder, decoder in pairs
    ]
    turn = cycle(bound)

    def made(number: int, value: float = 1.0) -> float:
        weight = f"b_{{{number}}}"
        densities = next(turn)
        start = time.process_time()
        f2d.compile(ELBO.format(weight=weight), {**densities, weight: value})
        return 1e3 * (time.process_time() - start)

    for number in range(5):
        made(number)
    return {
        "the same text, other networks": _summary([made(0) for _ in range(rounds)]),
        "the same text, another number bound each time": _summary([made(0, 2.0 + each) for each in range(rounds)]),
        "another text each time": _summary([made(number) for number in range(100, 100 + rounds)]),
    }


def process(arguments: Sequence[str], rounds: int) -> dict[str, float]:
    """A whole process of Python; the first run, which may write bytecode, is not counted."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT)
    times = []
    for _ in range(rounds + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(1e3 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime))
    return _summary(times[1:])


def _summary(times: Sequence[float]) -> dict[str, float]:
    return {"fastest": min(times), "median": statistics.median(times)}


def quiet() -> None:
    """One thread, as everywhere in these measurements."""
    torch.set_num_threads(1)
