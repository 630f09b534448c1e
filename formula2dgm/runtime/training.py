"""Training in memory: :func:`fit`; the mean of an objective over data: :func:`evaluate`."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from formula2dgm.runtime.arguments import refuse
from formula2dgm.runtime.batches import Stream, batches, streams_of

Data = Tensor | Mapping[str, Tensor]
#: What makes an optimiser: ``torch.optim.Adam``, or a function of parameters and a learning rate.
MakeOptimizer = Callable[..., torch.optim.Optimizer]


class Trainable(Protocol):
    """What :func:`fit` needs of an objective."""

    @property
    def players(self) -> tuple[str, ...]: ...

    def player_parameters(self, player: str) -> Sequence[nn.Parameter]: ...

    def parameters(self) -> Iterator[nn.Parameter]: ...

    def __call__(self, data: Mapping[str, Any], **options: Any) -> Any: ...


def fit(
    objective: Trainable,
    data: Data | None = None,
    *,
    epochs: int = 10,
    batch_size: int | Mapping[str, int] = 64,
    lr: float | Mapping[str, float] = 1e-3,
    steps: Mapping[str, int] | None = None,
    optimizer: MakeOptimizer | Mapping[str, MakeOptimizer] = torch.optim.Adam,
    validation: Data | None = None,
    evaluate: Mapping[str, Trainable] | None = None,
    callback: Callable[[int, dict[str, float]], object] | None = None,
    device: torch.device | str | None = None,
    seed: int = 0,
    progress: bool = True,
    epoch_steps: int = 100,
) -> list[dict[str, float]]:
    """Minimise an objective's loss over data, with one optimiser for each player; return a history.

    data         each variable as ``[examples, event...]``; one tensor is the data of an objective of one variable.
                 Variables that meet in the formula are paired, row by row.  Others are streams of their own: an epoch
                 is one pass over the one with the most batches, the others begin again, in a new order.  None for a
                 formula without data: an epoch is then ``epoch_steps`` batches of draws
    batch_size   for all, or for each stream by one of its variables: ``{"x_l": 20, "x_u": 200}``
    lr           the learning rate, for all players or by player: ``{"D": 4e-4, "G": 1e-4}``
    steps        how many steps a player takes for one of the others, each on a batch of its own: ``{"D": 5}``
    optimizer    what makes an optimiser of parameters and ``lr=``, for all or by player:
                 ``functools.partial(torch.optim.Adam, betas=(0.5, 0.9))``
    validation   data on which the same numbers are computed after each epoch: ``"validation: loss"``
    evaluate     other objectives to be computed on the validation data (else on the data) after each epoch, by the name
                 of their value in the history: ``{"IWAE": objective.bound(...)}``
    callback     called after each epoch with its number and its entry; where it returns True, training ends
    device       where the objective and its batches go; None: where the objective is

    In each batch the players step in the order of ``objective.players``.  After its step, a player's parameters are
    brought back to where the formula keeps them (``w \\in [-c, c]^d``), and targets (:class:`EMA`) follow them.  An
    epoch's entry in the history holds the means of ``loss``, ``value`` and every term by its name (``"D: loss"`` where
    there are several players).

    Raises FormulaError where there is nothing to train on (F2D-0681), and as soon as a number is not finite
    (F2D-0682), before it reaches the weights.

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
    kept = validation if validation is not None else data
    game = _Game(objective, lr, optimizer, steps or {})
    order = torch.Generator().manual_seed(seed)
    history: list[dict[str, float]] = []
    for epoch in range(1, epochs + 1):
        means = game.epoch(epoch, _epoch(objective, streams, order, batch_size, epoch_steps), progress)
        entry = {**(history[-1] if history else {}), **means}
        if validation is not None:
            entry |= {f"validation: {k}": v for k, v in _mean(objective, validation, batch_size, seed).items()}
        for name, other in (evaluate or {}).items():
            entry[name] = _mean(other, kept, batch_size, seed)["value"]
        history.append(entry)
        if progress:
            _report(epoch, epochs, history[-1])
        if callback is not None and callback(epoch, history[-1]) is True:
            break
    return history


class _Game:
    """The players, their optimisers, and whose turn it is."""

    def __init__(
        self,
        objective: Trainable,
        lr: float | Mapping[str, float],
        optimizer: MakeOptimizer | Mapping[str, MakeOptimizer],
        steps: Mapping[str, int],
    ):
        self.objective = objective
        several = len(objective.players) > 1
        players = objective.players if several else ("",)
        for chosen, given in (("lr", lr), ("optimizer", optimizer), ("steps", steps)):
            unknown = [each for each in given if each not in objective.players] if isinstance(given, Mapping) else []
            if unknown:
                raise refuse("F2D-0602", f"no player is named {unknown[0]!r}, in {chosen}=", f"players: {players}")
        self.steps = {each: steps.get(each, 1) for each in players}
        if min(self.steps.values()) < 1:
            raise refuse("F2D-0681", f"each player takes one step or more: steps={dict(steps)}")
        self.round = max(self.steps.values())
        self.optimizers = {
            each: _of(optimizer, each, torch.optim.Adam)(self._parameters(each), lr=_of(lr, each, 1e-3))
            for each in players
        }
        self.turn = 0

    def _parameters(self, player: str) -> list[nn.Parameter]:
        found = self.objective.player_parameters(player) if player else self.objective.parameters()
        return [each for each in found if each.requires_grad]

    def epoch(self, number: int, data: Iterable[dict[str, Any]], progress: bool) -> dict[str, float]:
        """A step of each player whose turn it is, on each batch; the means of their numbers."""
        sums: dict[str, float] = {}
        counts: dict[str, int] = {}
        for step, batch in enumerate(data, start=1):
            for player, optimizer in self.optimizers.items():
                if self.turn % self.round >= self.round - self.steps[player]:
                    for name, value in self._step(player, optimizer, batch, f"epoch {number}, step {step}").items():
                        sums[name] = sums.get(name, 0.0) + value
                        counts[name] = counts.get(name, 0) + 1
            self.turn += 1
            if progress and sys.stderr.isatty():
                print(f"\r\033[Kepoch {number}, step {step}", end="", file=sys.stderr, flush=True)
        return {name: total / counts[name] for name, total in sums.items()}

    def _step(
        self, player: str, optimizer: torch.optim.Optimizer, batch: dict[str, Any], when: str
    ) -> dict[str, float]:
        """One step of one player, and its numbers."""
        output = self.objective(batch, player=player) if player else self.objective(batch)
        numbers = _numbers(output, player)
        for name, number in numbers.items():
            if not math.isfinite(number):
                raise refuse("F2D-0682", f"{when}: {name} is {number}", "lower lr, or look at the term's inputs")
        optimizer.zero_grad(set_to_none=True)
        output.loss.mean().backward()
        optimizer.step()
        if (project := getattr(self.objective, "project", None)) is not None:
            project(player) if player else project()
        if (update := getattr(self.objective, "update_targets", None)) is not None:
            update(player) if player else update()
        return numbers


def _of(chosen: Any, player: str, default: Any) -> Any:
    return chosen.get(player, default) if isinstance(chosen, Mapping) else chosen


def _numbers(output: Any, player: str) -> dict[str, float]:
    """Loss, value and terms of an output by name."""
    values = {"loss": output.loss, "value": output.value, **output.terms}
    numbers = torch.stack([each.detach().mean() for each in values.values()]).tolist()
    return dict(zip([f"{player}: {name}" if player else name for name in values], numbers, strict=True))


def _epoch(
    objective: Any,
    streams: list[Stream],
    order: torch.Generator,
    batch_size: int | Mapping[str, int],
    epoch_steps: int,
) -> Iterator[dict[str, Any]]:
    """The batches of an epoch."""
    if streams:
        place = next((each.device for each in objective.parameters()), torch.device("cpu"))
        yield from batches(streams, order, place)
        return
    if getattr(objective, "inputs", ()):
        names = ", ".join(each.name for each in objective.inputs)
        raise refuse("F2D-0681", f"the formula needs data: {names}")
    for _ in range(epoch_steps):
        yield {"batch_size": batch_size if isinstance(batch_size, int) else 64}


def evaluate(
    objective: Trainable, data: Data | None = None, *, batch_size: int | Mapping[str, int] = 64, seed: int = 0
) -> dict[str, float]:
    """The means of an objective's loss, value and terms over data, in batches that bound the memory.

    The objective is in evaluation mode, and the noise that of ``seed``, which leaves the random state as it was.
    Examples are weighed alike, so that a bound of K = 5000 draws is computed in batches as small as memory wants.

    >>> import torch
    >>> import formula2dgm as f2d
    >>> objective = f2d.compile("log p(x)", {"p(x)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)})
    >>> round(f2d.evaluate(objective, torch.zeros(10, 2), batch_size=3)["value"], 4)
    -1.8379
    """
    return _mean(objective, data, batch_size, seed)


def _mean(objective: Any, data: Data | None, batch_size: int | Mapping[str, int], seed: int) -> dict[str, float]:
    """Means over all examples; streams of different sizes are cut into equally many pieces."""
    place = next((each.device for each in objective.parameters()), torch.device("cpu"))
    pieces: list[dict[str, Any]] = [{"batch_size": batch_size if isinstance(batch_size, int) else 64}]
    weights = [1.0]
    if data is not None:
        streams = streams_of(objective, data, batch_size)
        count = min(max(-(-each.total // each.size) for each in streams), *(each.total for each in streams))
        parts = {name: value.tensor_split(count) for each in streams for name, value in each.data.items()}
        pieces = [{name: value[i].to(place) for name, value in parts.items()} for i in range(count)]
        largest = max(streams, key=lambda each: each.total)
        weights = [len(each) / largest.total for each in next(parts[name] for name in largest.data)]
    sums: dict[str, float] = {}
    training, devices = objective.training, [place] if place.type == "cuda" else []
    objective.eval()
    try:
        with torch.random.fork_rng(devices), torch.no_grad():
            torch.manual_seed(seed)
            for batch, weight in zip(pieces, weights, strict=True):
                for player in objective.players if len(objective.players) > 1 else ("",):
                    with torch.set_grad_enabled(needs_gradient(objective)):
                        output = objective(batch, player=player) if player else objective(batch)
                    for name, value in _numbers(output, player).items():
                        sums[name] = sums.get(name, 0.0) + weight * value
    finally:
        objective.train(training)
    return sums


def needs_gradient(objective: Any) -> bool:
    """Does the formula take a gradient inside?"""
    from formula2dgm.runtime.examples import has_gradient

    program = getattr(objective, "program", None)
    return program is None or has_gradient(program)


def _report(epoch: int, epochs: int, means: dict[str, float]) -> None:
    """One line an epoch on stderr; on a terminal, each takes the place of the last."""
    terminal = sys.stderr.isatty()
    text = "  ".join(f"{name} {value:.4g}" for name, value in means.items())
    start, end = ("\r\033[K", "\n" if epoch == epochs else "") if terminal else ("", "\n")
    print(f"{start}epoch {epoch}/{epochs}  {text}", end=end, file=sys.stderr, flush=True)
