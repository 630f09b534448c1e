"""Training in memory: :func:`fit`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import nn

from formula2dgm.runtime.arguments import refuse
from formula2dgm.runtime.batches import Stream, batches, streams_of
from formula2dgm.runtime.evaluation import Data, Trainable, mean_over
from formula2dgm.runtime.history import History
from formula2dgm.runtime.marginals import refuse_no_count, refuse_without
from formula2dgm.runtime.not_finite import Noise
from formula2dgm.runtime.players import MakeOptimizer, Players, set_rate
from formula2dgm.runtime.run_folder import RunFolder, numbers_of_formula, shapes_of
from formula2dgm.runtime.schedules import Schedule
from formula2dgm.runtime.watching import Callback, Progress, Watchers

#: What of a training is in its checkpoint by name, beside weights, optimisers and noise.
KEPT = ("epoch_order", "epoch", "step", "total", "sums", "counts", "epochs")


def fit(
    objective: Trainable,
    data: Data | None = None,
    *,
    epochs: int = 10,
    batch_size: int | Mapping[str, int] = 64,
    lr: Schedule | Mapping[str, Schedule] = 1e-3,
    steps: Mapping[str, int] | None = None,
    optimizer: MakeOptimizer | Mapping[str, MakeOptimizer] = torch.optim.Adam,
    numbers: Mapping[str, Schedule] | None = None,
    clip: float = 0.0,
    ema: float = 0.0,
    validation: Data | None = None,
    tighter: int = 0,
    evaluate: Mapping[str, Trainable] | None = None,
    callback: Callback | Sequence[Callback] | None = None,
    out_dir: Path | str | None = None,
    resume: bool = False,
    checkpoint_every: int = 0,
    device: torch.device | str | None = None,
    seed: int = 0,
    progress: bool = True,
    epoch_steps: int = 100,
) -> History:
    """Minimise an objective's loss over data, with one optimiser for each player; return a history.

    data         each variable as ``[examples, event...]``; one tensor is the data of an objective of one variable.
                 Variables that meet in the formula are paired, row by row.  Others are streams of their own: an epoch
                 is one pass over the one with the most batches, the others begin again, in a new order.  None for a
                 formula without data: an epoch is then ``epoch_steps`` batches of draws
    batch_size   for all, or for each stream by one of its variables: ``{"x_l": 20, "x_u": 200}``
    lr           the learning rate, for all players or by player: ``{"D": 4e-4, "G": 1e-4}``; a number, a formula of the
                 step, which counts from 1: ``"1e-3 * min(1, step / 1000)"``, or a function of it
    steps        how many steps a player takes for one of the others, each on a batch of its own: ``{"D": 5}``
    optimizer    what makes an optimiser of parameters and ``lr=``, for all or by player:
                 ``functools.partial(torch.optim.Adam, betas=(0.5, 0.9))``
    numbers      numbers of the formula that move, given as the learning rate is: ``{"beta": "min(1, step / 1000)"}``
    clip         the largest norm of a gradient; 0: any
    ema          the decay of a moving average of the weights, by which validation is computed and which is the
                 history's ``averaged``; 0: none
    validation   data on which the same numbers are computed after each epoch: ``"validation: loss"``
    tighter      draws of the importance-weighted bound on log p(x), computed on the validation data beside the others:
                 ``"validation: log p(x) >= (64 draws)"``; 0: none
    evaluate     other objectives to be computed on the validation data (else on the data) after each epoch, by the name
                 of their value in the history: ``{"IWAE": f2d.compile(..., weights_of=objective)}``
    callback     called after each epoch with its number and its entry; or an object with ``on_step(step, numbers)`` or
                 ``on_epoch(epoch, entry)``; or several. Where one returns True, training ends
    out_dir      a folder for the run: checkpoints, metrics.jsonl; :func:`load` makes the trained model of it again
    resume       go on from the folder's checkpoint, if it has one; on a CPU bit for bit
    checkpoint_every   steps between checkpoints, beside that of every epoch; 0: no others
    device       where the objective and its batches go; None: where the objective is

    In each batch the players step in the order of ``objective.players``.  After its step, a player's parameters are
    brought back to where the formula keeps them (``w \\in [-c, c]^d``), and targets (:class:`EMA`) follow them.  An
    epoch's entry in the history holds the means of ``loss``, ``value`` and every term by its name (``"D: loss"`` where
    there are several players).  With ``out_dir``, Ctrl-C ends the training after the present step, with a checkpoint.

    Raises FormulaError where there is nothing to train on (F2D-0681), and as soon as a number is not finite
    (F2D-0682), before it reaches the weights: it says where the number came from.

    >>> import torch
    >>> import formula2dgm as f2d
    >>> objective = f2d.compile("log p(x)", {"p(x)": f2d.Normal(loc=torch.nn.Parameter(torch.zeros(2)), scale=1.0)})
    >>> history = f2d.fit(objective, 3 + torch.randn(256, 2), epochs=5, lr=0.1, progress=False)
    >>> history[-1]["loss"] < history[0]["loss"]
    True
    """
    if device is not None and isinstance(objective, nn.Module):
        objective.to(device)
    streams = [] if data is None else streams_of(objective, data, batch_size)
    if tighter:
        refuse_no_count("tighter", tighter)
        refuse_without(objective)
        if validation is None:
            raise refuse("F2D-0694", f"tighter={tighter} needs data to be measured on: validation=")
    players = Players(objective, lr, optimizer, steps or {}, numbers or {}, clip, ema)
    training = _Training(players, streams, batch_size, seed, epoch_steps)
    folder = RunFolder(out_dir, objective) if out_dir is not None else None
    if folder is not None:
        state = folder.read(training.sizes, training.fixed) if resume else None
        if state is not None:
            training.restore(state)
        folder.begin({**training.fixed, **training.config}, training.epochs, state is not None)
    elif resume or checkpoint_every:
        raise refuse("F2D-0694", "resume and checkpoint_every need a folder: out_dir='runs/mine'")
    history = History(training.history())
    history.averaged = players.averaged.module if players.averaged is not None else None
    watchers, shown = Watchers(callback), Progress(epochs, history, progress)
    kept = validation if validation is not None else data
    with _interruptible(folder is not None) as asked:
        while training.epoch < epochs and not history.stopped:
            for entry in training.steps():
                shown.step(training.epoch + 1, training.step, training.length, entry)
                history.stopped = watchers.stepped(training.total, entry) or bool(asked)
                due = checkpoint_every and training.total % checkpoint_every == 0
                if folder is not None and (history.stopped or due):
                    folder.save(training.state())
                if history.stopped:
                    break
            else:
                parts: dict[str, Any] = {"epoch": training.epoch + 1, "train": training.means()}
                if validation is not None:
                    parts["validation"] = mean_over(players.shown, validation, batch_size, seed, tighter)
                for name, other in (evaluate or {}).items():
                    parts.setdefault("evaluate", {})[name] = mean_over(other, kept, batch_size, seed)["value"]
                training.finish(parts)
                history.append(flat(parts))
                if folder is not None:
                    folder.save(training.state())
                    folder.record(training.epochs[-1])
                history.stopped = watchers.finished(training.epoch, history[-1]) or bool(asked)
                shown.epoch(training.epoch, history[-1], training.epoch == epochs)
    if asked:
        raise KeyboardInterrupt
    return history


def flat(parts: Mapping[str, Any]) -> dict[str, float]:
    """An epoch's entry in the history: ``validation: loss`` beside ``loss``."""
    entry = dict(parts["train"])
    entry |= {f"validation: {name}": value for name, value in parts.get("validation", {}).items()}
    return entry | parts.get("evaluate", {})


class _Training:
    """The state of a training: what a checkpoint holds continues bit for bit."""

    def __init__(
        self,
        players: Players,
        streams: list[Stream],
        batch_size: int | Mapping[str, int],
        seed: int,
        epoch_steps: int,
    ):
        self.players = players
        self.streams = streams
        self.batch_size = batch_size
        self.length = max(each.steps for each in streams) if streams else epoch_steps
        self.order = torch.Generator().manual_seed(seed)
        self.epoch_order = self.order.get_state()  # as it was when the present epoch began
        self.epoch = self.step = self.total = 0  # finished epochs, finished steps of the present one, and of all
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.epochs: list[dict[str, Any]] = []
        self.moved: dict[str, float] = {}
        self.sizes = {name: len(value) for each in streams for name, value in each.data.items()}
        sizes = batch_size if isinstance(batch_size, int) else dict(batch_size)
        made = {player: type(each).__name__ for player, each in players.optimizers.items()}
        self.fixed: dict[str, Any] = {"batch_size": sizes, "seed": seed, "ema": players.ema, "optimizer": made}

    def history(self) -> Iterator[dict[str, float]]:
        return map(flat, self.epochs)

    @property
    def config(self) -> dict[str, Any]:
        return numbers_of_formula(self.players.objective)

    def steps(self) -> Iterator[dict[str, float]]:
        """The steps of an epoch that are left, each with its numbers."""
        for batch in islice(self._batches(), self.step, None):
            self.moved = self.players.move(self.total + 1)
            when = f"epoch {self.epoch + 1}, step {self.step + 1}"
            found = self.players.step(batch, self.total + 1, when)
            for name, value in found.items():
                self.sums[name] = self.sums.get(name, 0.0) + value
                self.counts[name] = self.counts.get(name, 0) + 1
            self.step += 1
            self.total += 1
            yield found

    def _batches(self) -> Iterator[dict[str, Any]]:
        objective = self.players.objective
        if self.streams:
            place = next((each.device for each in objective.parameters()), torch.device("cpu"))
            yield from batches(self.streams, self.order, place)
            return
        if getattr(objective, "inputs", ()):
            names = ", ".join(each.name for each in objective.inputs)
            raise refuse("F2D-0681", f"the formula needs data: {names}")
        for _ in range(self.length):
            yield {"batch_size": self.batch_size if isinstance(self.batch_size, int) else 64}

    def means(self) -> dict[str, float]:
        """The means of the present epoch; what a long round leaves out is as it was."""
        last = self.epochs[-1]["train"] if self.epochs else {}
        return {**last, **{name: total / self.counts[name] for name, total in self.sums.items()}}

    def finish(self, parts: dict[str, Any]) -> None:
        """The present epoch is through."""
        self.epochs.append({**parts, "moved": self.moved} if self.moved else parts)
        self.epoch, self.step, self.sums, self.counts = self.epoch + 1, 0, {}, {}
        self.epoch_order = self.order.get_state()

    def state(self) -> dict[str, Any]:
        players, noise = self.players, Noise.now(self.players.objective)
        data = {name: value for each in self.streams for name, value in each.data.items()}
        return {
            "objective": players.objective.state_dict(),
            "averaged": None if players.averaged is None else players.averaged.state_dict(),
            "optimizers": {player: each.state_dict() for player, each in players.optimizers.items()},
            "noise": {"torch": noise.common, "device": noise.device, "python": noise.python},
            "config": {**self.fixed, **self.config},
            "shapes": shapes_of(players.objective, data),
            "sizes": self.sizes,
            **{each: getattr(self, each) for each in KEPT},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where a checkpoint stands."""
        players = self.players
        try:
            players.objective.load_state_dict(state["objective"])
            if players.averaged is not None:
                players.averaged.load_state_dict(state["averaged"])
            for player, each in players.optimizers.items():
                each.load_state_dict(state["optimizers"][player])
                set_rate(each, players.rate(player, state["total"] + 1))
        except (RuntimeError, ValueError, KeyError) as error:
            found = [*str(error).splitlines(), repr(error)][0]
            raise refuse("F2D-0695", f"the checkpoint is of other networks or optimisers: {found}") from error
        for name in KEPT:
            setattr(self, name, state[name])
        self.order.set_state(self.epoch_order)
        self.moved = players.move(max(self.total, 1))
        place = Noise.now(players.objective).place
        Noise(place, state["noise"]["torch"], state["noise"]["device"], state["noise"]["python"]).restore()


@contextmanager
def _interruptible(wanted: bool) -> Iterator[list[bool]]:
    """Ctrl-C is noted, so that a training can end after its step; a second one ends it at once."""
    asked: list[bool] = []
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def note(number: int, frame: object) -> None:
        asked.append(True)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
