"""The mean of an objective over data: :func:`evaluate`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from formula2dgm.runtime.batches import streams_of
from formula2dgm.runtime.marginals import bound_name, log_marginal

Data = Tensor | Mapping[str, Tensor]


class Trainable(Protocol):
    """What training needs of an objective."""

    @property
    def players(self) -> tuple[str, ...]: ...

    def player_parameters(self, player: str) -> Sequence[nn.Parameter]: ...

    def parameters(self) -> Iterator[nn.Parameter]: ...

    def __call__(self, data: Mapping[str, Any], **options: Any) -> Any: ...


def evaluate(
    objective: Trainable,
    data: Data | None = None,
    *,
    batch_size: int | Mapping[str, int] = 64,
    seed: int = 0,
    tighter: int = 0,
) -> dict[str, float]:
    """The means of an objective's loss, value and terms over data, in batches that bound the memory.

    The objective is in evaluation mode, and the noise that of ``seed``, which leaves the random state as it was.
    Examples are weighed alike, so that a bound of K = 5000 draws is computed in batches as small as memory wants.
    ``tighter`` is the number of draws of the importance-weighted bound, which is another entry, ``log p(x) >= (64
    draws)``; where the objective has none, that is an error (F2D-0685).

    >>> import torch
    >>> import formula2dgm as f2d
    >>> objective = f2d.compile("log p(x)", {"p(x)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)})
    >>> round(f2d.evaluate(objective, torch.zeros(10, 2), batch_size=3)["value"], 4)
    -1.8379
    """
    return mean_over(objective, data, batch_size, seed, tighter)


def mean_over(
    objective: Any, data: Data | None, batch_size: int | Mapping[str, int], seed: int, draws: int = 0
) -> dict[str, float]:
    """Means over all examples; streams of different sizes are cut into equally many pieces."""
    tighter = bound_name(objective, draws) if draws else ""
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
                    for name, value in numbers_of(output, player).items():
                        sums[name] = sums.get(name, 0.0) + weight * value
                if draws:
                    bound = log_marginal(objective, (batch,), {}, draws).mean().item()
                    sums[tighter] = sums.get(tighter, 0.0) + weight * bound
    finally:
        objective.train(training)
    return sums


def numbers_of(output: Any, player: str) -> dict[str, float]:
    """Loss, value and terms of an output by name."""
    values = {"loss": output.loss, "value": output.value, **output.terms}
    numbers = torch.stack([each.detach().mean() for each in values.values()]).tolist()
    return dict(zip([f"{player}: {name}" if player else name for name in values], numbers, strict=True))


def needs_gradient(objective: Any) -> bool:
    """Does the formula take a gradient inside?"""
    from formula2dgm.runtime.examples import has_gradient

    program = getattr(objective, "program", None)
    return program is None or has_gradient(program)
