"""Batches in the reference interpreter: how many examples one has, and one of its examples beside all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk
from formula2dgm.runtime.reference_noise import Position
from formula2dgm.runtime.reference_values import Value

if TYPE_CHECKING:
    from formula2dgm.runtime.reference import Reference


def batch_size(program: Program, data: Mapping[str, Tensor], noise: Mapping[str, Tensor], batch: Axis) -> int:
    """The number of examples: that of any data, or of any noise, that has the batch's axis."""
    for each in program.inputs:
        if batch in each.axes:
            return data[each.name].shape[each.axes.index(batch)]
    for node in walk(*program.roots):
        if isinstance(node, ir.Draw | ir.Permuted) and batch in node.axes and node.site in noise:
            given = noise[node.site]
            inner = len(node.axes) - node.axes.index(batch)
            events = 0 if isinstance(node, ir.Permuted) or node.law.scalar else given.dim() - len(node.axes)
            return given.shape[given.dim() - events - inner]
    raise ValueError(f"the size of {batch.name} is unknown")


def axis_size(run: Reference, axis: Axis, body: ir.Node, at: Position) -> int:
    """How many positions an axis of ``body`` has."""
    if axis.of is not None:
        return axis_size(run, axis.of, body, at) if axis.kind == "time" else run.batch_size(axis.of)
    if isinstance(axis.size, int):
        return axis.size
    if isinstance(axis.size, str):
        size = run.hyperparameters[axis.size]
        assert size is not None
        return int(size)
    for variable in run.program.inputs:
        if axis.kind == "time" and axis in variable.axes:
            return run.data[variable.name].shape[variable.axes.index(axis)]
    for each in walk(body):
        if isinstance(each, ir.Along) and each.axis == axis:
            return dimension(run, each.value, at)
        if isinstance(each, ir.Enumerated) and each.axis == axis:
            return run.law(each.law, at).values().shape[0]
        if isinstance(each, ir.Data) and axis in each.axes:
            return run.data[each.name].shape[each.axes.index(axis)]
        if isinstance(each, ir.Param) and axis in each.own:
            return run.parameters[each.name].shape[each.own.index(axis)]
    raise ValueError(f"the size of {axis.name} is unknown")


def dimension(run: Reference, value: ir.Node, at: Position) -> int:
    """How many entries a vector has, at any position."""
    inner = run(value, {**{axis: 0 for axis in value.axes if axis.kind != "batch"}, **at})
    return inner.tensor.flatten(int(inner.batched)).shape[-1]


def stratum_weights(other: int, size: int, examples: float) -> Tensor:
    """The weight of one example in the minibatch-stratified estimate of each example of the batch."""
    rest = size - 1
    weights = []
    for own in range(size):
        if other == own:
            weights.append(1 / examples)
        elif other == (own + 1) % size:
            weights.append((examples - rest) / (examples * rest))
        else:
            weights.append(1 / rest)
    return torch.tensor(weights, dtype=torch.float64)


def example(value: Value, position: int) -> Value:
    """One example of a batch, for all examples of another index."""
    return Value(value.tensor[position], False) if value.batched else value
