"""What becomes of one surveyed equation: read, compiled with default networks, trained for a step."""

from __future__ import annotations

import json
import math
import re
import signal
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import torch

import formula2dgm as f2d
from formula2dgm import driver, mistakes

EQUATIONS = Path(__file__).parents[1] / "data" / "equations.jsonl"
#: The kinds of equations that are objectives as a whole.
OBJECTIVES = ("objective", "derivation chain")
#: The size of data whose shape the formula does not say: unlike every default, so that sizes never fit by accident.
SIZE = 12
BATCH = 8
SECONDS = 20
#: Where an error's help says that a size is wanted, and of what.
WANTED = re.compile(r"dims=\{'([^']+)'")

Status = Literal["trains", "does not train", "not compiled", "not read", "crash"]


class DoesNotTrain(Exception):
    """A compiled objective whose step of training is not one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far an equation came. ``code`` is that of the error which stopped it, ``reason`` its message."""

    id: str
    status: Status
    code: str = ""
    reason: str = ""
    is_read: bool = True
    assumptions: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()


def equations() -> list[dict[str, Any]]:
    """The surveyed equations."""
    return [json.loads(line) for line in EQUATIONS.read_text(encoding="utf-8").splitlines()]


def is_trainable(row: Mapping[str, Any]) -> bool:
    """Is the equation an objective, or a chain with one, of which its source trains a model?"""
    return row["trainable"] and row["kind"].startswith(OBJECTIVES)


def measure(row: Mapping[str, Any]) -> Outcome:
    """Read an equation; where it is an objective, compile it and take a step."""
    torch.manual_seed(0)
    is_read = False
    try:
        with time_limit(SECONDS):
            driver.read(row["latex"], row["macros"]).raise_errors()
            is_read = True
            return _trained(row) if is_trainable(row) else Outcome(row["id"], "not compiled")
    except f2d.FormulaError as error:
        first = error.diagnostics[0]
        if first.code == mistakes.CODE:
            return Outcome(row["id"], "crash", "", first.message, is_read)
        return Outcome(row["id"], "not compiled" if is_read else "not read", first.code, first.message, is_read)
    except Exception as error:  # any other is a bug of the compiler, and is reported as one
        return Outcome(row["id"], "crash", "", _in_a_line(error), is_read)


def _trained(row: Mapping[str, Any]) -> Outcome:
    """What compiling and a step of each player come to; a refusal to compile is raised."""
    objective = compiled(row)
    said = tuple(objective.assumptions), tuple(t.name for each in objective.program.objectives for t in each.terms)
    try:
        for player in objective.players or (None,):
            take_step(objective, player)
    except f2d.FormulaError as error:
        first = error.diagnostics[0]
        return Outcome(row["id"], "does not train", first.code, first.message, True, *said)
    except DoesNotTrain as error:
        return Outcome(row["id"], "does not train", "", str(error), True, *said)
    return Outcome(row["id"], "trains", "", "", True, *said)


def _in_a_line(error: Exception) -> str:
    """An exception with the last place in the package that it came through."""
    if isinstance(error, TimeoutError):
        return f"not done after {SECONDS} seconds"
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "formula2dgm" in each.filename]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}{place}"


def compiled(row: Mapping[str, Any]) -> Any:
    """The objective with default networks; the sizes of data that an error asks for are given, as its help says."""
    options = dict(row.get("options", {}))
    dims: dict[str, int] = options.pop("dims", {})
    while True:
        try:
            return f2d.compile(row["latex"], macros=row["macros"], scaffold=True, dims=dims, **options)
        except f2d.FormulaError as error:
            wanted = {name for each in error.diagnostics for name in WANTED.findall(each.hint or "")} - dims.keys()
            if not wanted:
                raise
            dims = {**dims, **dict.fromkeys(wanted, SIZE)}


def take_step(objective: Any, player: str | None) -> None:
    """One step of Adam on random data; a step that trains not all it should is refused."""
    learned = list(objective.parameters() if player is None else objective.player_parameters(player))
    if not learned:
        raise DoesNotTrain("nothing to train")
    optimizer = torch.optim.Adam(learned, lr=1e-3)
    chosen = {} if player is None else {"player": player}
    loss = objective(**objective.example_batch(BATCH), **chosen).loss
    if not math.isfinite(loss.item()):
        raise DoesNotTrain(f"the loss is {loss.item()}")
    if not loss.requires_grad:
        raise DoesNotTrain("the loss depends on no parameter")
    loss.backward()
    trained = objective._facts.program.objectives[0].trains if player is None else None
    for name, network in objective.named_children():
        if trained is not None and name not in trained:
            continue  # the formula names what is optimised, and this is held constant
        _check_gradient(name, [each for each in network.parameters() if any(each is one for one in learned)])
    before = [each.detach().clone() for each in learned]
    optimizer.step()
    if all(torch.equal(old, new) for old, new in zip(before, learned, strict=True)):
        raise DoesNotTrain("a step changes nothing")


def _check_gradient(name: str, parameters: list[torch.nn.Parameter]) -> None:
    """A network that is the player's has a finite gradient, and not zero everywhere."""
    gradients = [each.grad for each in parameters if each.grad is not None]
    if parameters and not gradients:
        raise DoesNotTrain(f"no gradient reaches {name}")
    if not all(each.isfinite().all() for each in gradients):
        raise DoesNotTrain(f"the gradient of {name} is not finite")
    if parameters and not any(each.any() for each in gradients):
        raise DoesNotTrain(f"the gradient of {name} is zero")


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the body after so many seconds."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
