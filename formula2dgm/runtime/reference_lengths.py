"""Sequences of different lengths in the reference interpreter: each is evaluated alone, without its padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk


def lengths_of(program: Program, data: Mapping[str, Tensor]) -> list[int] | None:
    """The lengths of the sequences of a batch, where they differ from the number of steps; else None."""
    found = [each for each in walk(*program.roots) if isinstance(each, ir.Lengths)]
    if not found or "lengths" not in data:
        return None
    _refuse_coupled(program)
    lengths = [int(each) for each in data["lengths"]]
    steps = [data[each.name].shape[1] for each in program.inputs if found[0].time in each.axes]
    return lengths if steps and set(lengths) != {steps[0]} else None


def _refuse_coupled(program: Program) -> None:
    """Examples that are compared with each other are not alone."""
    for objective in program.objectives:
        for term in objective.terms:
            inside = list(walk(term.node))[:-1]
            if any(isinstance(each, ir.Reduce) and each.axis.kind == "batch" for each in inside):
                raise NotImplementedError("the reference evaluates sequences one by one")


def data_alone(program: Program, data: Mapping[str, Tensor], row: int, length: int) -> dict[str, Tensor]:
    """The data of one sequence."""
    axes = {each.name: each.axes for each in program.inputs}
    return {name: _cut(each, axes.get(name, ()), row, length) for name, each in data.items()}


def noise_alone(program: Program, noise: Mapping[str, Tensor], row: int, length: int) -> dict[str, Tensor]:
    """The noise of one sequence."""
    axes = {each.name: each.axes for each in program.sites}
    return {name: _cut(each, axes[name], row, length) for name, each in noise.items()}


def _cut(tensor: Tensor, axes: Sequence[Axis], row: int, length: int) -> Tensor:
    for dim, axis in enumerate(axes):
        if axis.kind == "batch":
            tensor = tensor.narrow(dim, row, 1)
        elif axis.kind == "time":
            tensor = tensor.narrow(dim, 0, length)
    return tensor
