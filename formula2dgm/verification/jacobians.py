"""The log-determinants that invertible networks return, against the determinants of their Jacobians."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from formula2dgm.runtime.objective import Objective
from formula2dgm.verification.findings import Comparison
from formula2dgm.verification.subject import Subject, example, scatter

#: Events of more numbers than these have no Jacobian here.
LARGEST = 256
ALLOWED = 1e-6
KIND = "log-determinant, determinant of the Jacobian"
INVERSE = "inverse of an invertible network, of its value"

Call = tuple[str, tuple[Any, ...], Any]


def compared(subject: Subject, seeds: int) -> Iterator[Comparison | str]:
    """Each call of an invertible network in an evaluation: what it says of volumes, and that its inverse is one."""
    names = [each.name for each in subject.program.called if hasattr(getattr(subject.objective, each.name), "inverse")]
    for seed in range(seeds):
        scatter(subject.objective, torch.Generator().manual_seed(seed))
        for name in names:
            network = getattr(subject.objective, name)
            for way, arguments, result in _calls(subject.objective, network, seed):
                case = f"{way}, seed {seed}"
                yield from _of_call(name, network, way, arguments, result, case)


def _calls(objective: Objective, network: nn.Module, seed: int) -> list[Call]:
    """The calls of a network while the objective is evaluated at random data."""
    batch, noise = example(objective, 3, seed)
    player = {"player": objective.players[0]} if objective.players else {}
    with _recorded(network) as calls:
        objective(**batch, noise=noise, **player)
    return calls


@contextmanager
def _recorded(network: nn.Module) -> Iterator[list[Call]]:
    calls: list[Call] = []
    ways: Mapping[str, Callable[..., Any]] = {"forward": network.forward, "inverse": network.inverse}  # type: ignore[dict-item]

    def recording(way: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            result = ways[way](*arguments)
            calls.append((way, arguments, result))
            return result

        return call

    for way in ways:
        setattr(network, way, recording(way))
    try:
        yield calls
    finally:
        for way in ways:
            delattr(network, way)


def _of_call(
    name: str, network: nn.Module, way: str, arguments: tuple[Any, ...], result: Any, case: str
) -> Iterator[Comparison | str]:
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Tensor)):
        return
    x, *rest = arguments
    value, log_det = result
    size = math.prod(x.shape[1:])
    if size > LARGEST:
        yield f"the determinant of {name}: its Jacobian has {size} rows"
        return
    run, back = (getattr(network, each) for each in ((way, "inverse") if way == "forward" else (way, "forward")))
    worst = 0.0
    for row in range(len(x)):
        one = x[row : row + 1].detach()
        given = [each[row : row + 1] if isinstance(each, Tensor) else each for each in rest]
        jacobian = torch.autograd.functional.jacobian(lambda point: run(point, *given)[0], one)  # noqa: B023
        determinant = torch.linalg.slogdet(jacobian.reshape(size, size)).logabsdet
        said = log_det[row] if log_det.ndim else log_det
        worst = max(worst, abs(determinant.item() - said.sum().item()) / max(1.0, abs(determinant.item())))
    yield Comparison(KIND, name, case, worst, ALLOWED)
    returned, other = back(value.detach(), *rest)
    scale = max(1.0, x.abs().max().item())
    yield Comparison(INVERSE, name, case, (returned - x).abs().max().item() / scale, ALLOWED)
    yield Comparison(INVERSE, f"{name}, log-determinants", case, (other + log_det).abs().max().item(), ALLOWED)
