"""Paths of differential equations, in the reference interpreter: a Runge-Kutta method by its table, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from formula2dgm.ir import nodes as ir
from formula2dgm.runtime.reference_noise import Position
from formula2dgm.runtime.reference_values import Value, combine

if TYPE_CHECKING:
    from formula2dgm.runtime.reference import Reference

#: The classical method of order 4 (Butcher 1963): the time of each stage, the weights of the stages before it, and the
#: weights of all stages in a step.
TIMES = (0.0, 1 / 2, 1 / 2, 1.0)
BEFORE: tuple[tuple[float, ...], ...] = ((), (1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0))
WEIGHTS = (1 / 6, 1 / 3, 1 / 3, 1 / 6)


def followed(run: Reference, node: ir.Solution | ir.PathIntegral, at: Position) -> Value:
    """The state at the end of a path; the integral of a number along one, by the stages that the state is made of."""
    if isinstance(node, ir.PathIntegral):
        return _along(run, node.path, (node.integrand,), at)[1]
    return _along(run, node, (), at)[0]


def _along(run: Reference, path: ir.Solution, integrands: Sequence[ir.Node], at: Position) -> list[Value]:
    """The state at the end of a path, and the integrals."""
    begin, end = run(path.begin, at).tensor, run(path.end, at).tensor
    zero = Value(torch.zeros((), dtype=torch.float64), False)
    values = [run(path.state.start, at), *(zero for _ in integrands)]
    for step in range(path.steps):
        stages: list[list[Value]] = []
        for share, before in zip(TIMES, BEFORE, strict=True):
            time = begin + (end - begin) * (step + share) / path.steps
            point = _moved(values, stages, before, (end - begin) / path.steps)[0]
            stages.append(_changes(run, path, integrands, point, time, at))
        values = _moved(values, stages, WEIGHTS, (end - begin) / path.steps)
    return values


def _moved(
    values: Sequence[Value], stages: Sequence[Sequence[Value]], weights: Sequence[float], length: torch.Tensor
) -> list[Value]:
    """The values, moved on by a weighted sum of what the stages say."""
    moved = list(values)
    for weight, stage in zip(weights, stages, strict=True):
        steps = [Value(length * weight * each.tensor, each.batched) for each in stage]
        moved = [combine(torch.add, value, step) for value, step in zip(moved, steps, strict=True)]
    return moved


def _changes(
    run: Reference,
    path: ir.Solution,
    integrands: Sequence[ir.Node],
    point: Value,
    time: torch.Tensor,
    at: Position,
) -> list[Value]:
    """What the equation says of a point at a time, and the integrands there; everything is computed anew."""
    point = point if point.tensor.requires_grad else Value(point.tensor.detach().requires_grad_(), point.batched)
    times = Value(time.expand(point.tensor.shape[0]), True) if point.batched else Value(time, False)
    kept, known = run.memo, run.places
    run.memo, run.places = {}, {**known, path.state: point, path.time: times}
    try:
        with torch.enable_grad():
            field = run(path.field, at)
            field = Value(run.number(field), field.batched) if path.event == "number" else field
            numbers = [Value(run.number(value), value.batched) for value in (run(each, at) for each in integrands)]
        return [field, *numbers]
    finally:
        run.memo, run.places = kept, known
