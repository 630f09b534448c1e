"""Sums, products, powers and functions, for the reference interpreter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from formula2dgm.ir import nodes as ir
from formula2dgm.runtime.reference_logs import Logs, is_of_densities
from formula2dgm.runtime.reference_noise import Position
from formula2dgm.runtime.reference_values import Value, apply, combine

if TYPE_CHECKING:
    from formula2dgm.runtime.reference import Reference


def arithmetic(run: Reference, node: ir.Node, at: Position) -> Value:
    """The value of an elementwise operation on the values of its operands."""
    match node:
        case ir.Add(args) | ir.Mul(args):
            operation = torch.add if isinstance(node, ir.Add) else torch.mul
            total = run(args[0], at)
            for each in args[1:]:
                total = combine(operation, total, run(each, at))
            return total
        case ir.Div(top, bottom):
            return pairwise(run, torch.div, top, bottom, at)
        case ir.Pow(base, exponent):
            return pairwise(run, torch.pow, base, exponent, at)
        case ir.Neg(body):
            inner = run(body, at)
            return Value(-inner.tensor, inner.batched)
        case ir.Apply("log", (body,)) if is_of_densities(body):
            return Logs(run, run.number, run.size).of(body, at)
        case ir.Apply(function, args):
            return apply(function, [run(each, at) for each in args])
    raise NotImplementedError(type(node).__name__)


def pairwise(
    run: Reference, operation: Callable[[Tensor, Tensor], Tensor], left: ir.Node, right: ir.Node, at: Position
) -> Value:
    return combine(operation, run(left, at), run(right, at))
