"""Functions of whole vectors from their definitions, for the reference interpreter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.runtime.reference_noise import Position
from formula2dgm.runtime.reference_values import Value

if TYPE_CHECKING:
    from formula2dgm.runtime.reference import Reference


def _softmax(x: Tensor) -> Tensor:
    powers = torch.exp(x)
    return powers / powers.sum(-1, keepdim=True)


def _cosine(u: Tensor, v: Tensor) -> Tensor:
    return (u * v).sum(-1) / ((u * u).sum(-1) * (v * v).sum(-1)).sqrt()


#: Those that give a vector, and those that give a number of the flattened event.
TO_VECTORS: dict[str, Callable[..., Tensor]] = {
    "softmax": _softmax,
    "softmin": lambda x: _softmax(-x),
    "log_softmax": lambda x: torch.log(_softmax(x)),
    "entries_before": lambda x: torch.stack([torch.zeros_like(x[..., 0]), *x.unbind(-1)[:-1]], -1),
}
TO_NUMBERS: dict[str, Callable[..., Tensor]] = {
    "logsumexp": lambda x: torch.log(torch.exp(x).sum(-1)),
    "class_logsumexp": lambda x, _: torch.log(torch.exp(x).sum(-1)),
    "cosine": _cosine,
}


def of_event(
    node: ir.EventFunction | ir.Entry | ir.Component | ir.ArgMin | ir.Nearest, of: Reference, at: Position
) -> Value:
    """A function of whole vectors, an entry of one, or the position of the smallest number or the nearest row."""

    def along(each: ir.Node, axis: Axis) -> list[Value]:
        return [of(each, {**at, axis: position}) for position in range(of.size(axis, each, at))]

    match node:
        case ir.EventFunction(function, args):
            return of_vectors(function, [of(each, at) for each in args])
        case ir.Entry(value, index):
            return entry(of(value, at), of(index, at))
        case ir.Component(value, position):
            inner = of(value, at)
            return Value(inner.tensor[..., position - 1], inner.batched)
        case ir.Nearest(value, rows, axis, order):
            return nearest(of(value, at), [each.tensor for each in along(rows, axis)], order)
        case ir.ArgMin(body, axis):
            parts = along(body, axis)
            return Value(torch.stack([of.number(each) for each in parts]).argmin(0), parts[0].batched)


def of_vectors(function: str, args: Sequence[Value]) -> Value:
    """A function of whole vectors."""
    batched = any(each.batched for each in args)
    if function == "same":
        return Value(_same(*args), batched)
    if function in TO_VECTORS:
        return Value(TO_VECTORS[function](*(each.tensor for each in args)), batched)
    return Value(TO_NUMBERS[function](*(each.tensor.flatten(int(each.batched)) for each in args)), batched)


def _same(left: Value, right: Value) -> Tensor:
    """1 where all entries are equal; a one-hot value beside a number is the class that it marks."""
    if left.event_rank != right.event_rank:
        left, right = (Value(category(each), each.batched) for each in (left, right))
    holds = left.tensor == right.tensor
    rank = left.event_rank
    return (holds.flatten(-rank).all(-1) if rank else holds).double()


def category(value: Value) -> Tensor:
    """A category as the number of its class."""
    return value.tensor.argmax(-1) if value.event_rank else value.tensor


def entry(value: Value, index: Value) -> Value:
    """The entry of a vector that a category counts from 0: a sum in which all others are 0."""
    classes = torch.arange(value.tensor.shape[-1])
    chosen = (category(index).unsqueeze(-1) == classes).double()
    return Value((value.tensor * chosen).sum(-1), value.batched or index.batched)


def nearest(value: Value, rows: Sequence[Tensor], order: float) -> Value:
    """The number of the row at the smallest distance, for each position of the value."""
    distances = [torch.linalg.vector_norm((value.tensor - row).flatten(-row.dim()), order, dim=-1) for row in rows]
    return Value(torch.stack(distances).argmin(0), value.batched)
