"""Who watches a training: the user's callbacks, a line on a terminal, curves in a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from formula2dgm.runtime.arguments import refuse
from formula2dgm.runtime.history import History


class Watcher(Protocol):
    """What is told of steps and epochs; either method may be missing, and either ends the training by True."""

    def on_step(self, step: int, numbers: dict[str, float]) -> object:
        """After each step, which counts from 1: the loss, the value and every term of its batch."""

    def on_epoch(self, epoch: int, entry: dict[str, float]) -> object:
        """After each epoch: its entry in the history."""


#: A function of an epoch and its entry, an object with ``on_step`` or ``on_epoch``, or several of these.
Callback = Callable[[int, dict[str, float]], object] | Watcher


class Watchers:
    """All who watch one training."""

    def __init__(self, callback: Callback | Sequence[Callback] | None):
        given = [] if callback is None else list(callback) if isinstance(callback, list | tuple) else [callback]
        self.steps: list[Callable[[int, dict[str, float]], object]] = []
        self.epochs: list[Callable[[int, dict[str, float]], object]] = []
        for each in given:
            on_step, on_epoch = getattr(each, "on_step", None), getattr(each, "on_epoch", None)
            if on_step is None and on_epoch is None and not callable(each):
                says = f"callback: {each!r} is no function, and has neither on_step nor on_epoch"
                raise refuse("F2D-0694", says, "callback=lambda epoch, entry: entry['loss'] < 50")
            self.steps += [on_step] if on_step is not None else []
            plain = each if on_step is None and callable(each) else None
            self.epochs += [each for each in (on_epoch or plain,) if each is not None]

    def stepped(self, step: int, numbers: dict[str, float]) -> bool:
        """Does one of them end the training here?"""
        return True in [each(step, numbers) is True for each in self.steps]  # all are told

    def finished(self, epoch: int, entry: dict[str, float]) -> bool:
        return True in [each(epoch, entry) is True for each in self.epochs]


class Progress:
    """What a training shows of itself: a bar and a line for each epoch on stderr, in a notebook curves."""

    def __init__(self, epochs: int, history: History, wanted: bool):
        self.epochs = epochs
        self.history = history
        self.notebook = _notebook() if wanted else None
        self.wanted = wanted and self.notebook is None
        self.shown: Any = None

    def step(self, epoch: int, step: int, steps: int, numbers: dict[str, float]) -> None:
        if self.wanted and sys.stderr.isatty() and numbers:
            bar = "#" * (30 * step // steps)
            name, value = next(iter(numbers.items()))
            text = f"\r\033[Kepoch {epoch}/{self.epochs} [{bar:<30}] {name} {value:.4g}"
            print(text, end="", file=sys.stderr, flush=True)

    def epoch(self, epoch: int, entry: dict[str, float], last: bool) -> None:
        """One line an epoch; on a terminal, each takes the place of the last."""
        if self.notebook is not None:
            if self.shown is None:
                self.shown = self.notebook(self.history, display_id=True)
            else:
                self.shown.update(self.history)
        elif self.wanted:
            terminal = sys.stderr.isatty()
            text = "  ".join(f"{name} {value:.4g}" for name, value in entry.items())
            start, end = ("\r\033[K", "\n" if last else "") if terminal else ("", "\n")
            print(f"{start}epoch {epoch}/{self.epochs}  {text}", end=end, file=sys.stderr, flush=True)


def _notebook() -> Any:
    """IPython's ``display`` where a notebook shows what it is given; None elsewhere. IPython is not imported here."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return None
    from IPython.display import display

    return display
