"""Logarithms of densities, of their products, ratios and means, in the reference interpreter.

``log mean_k p(x, z_k) / q(z_k|x)`` is computed from the log-densities, as ``m + log mean_k exp(l_k - m)`` for the
largest of them m. Literally, each density would come first, and one below 1e-308 is 0 in float64: a judge that says
``log 0`` there judges nothing. The two are equal for every m.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce

import torch
from torch import Tensor

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.records import dataclass
from formula2dgm.runtime.reference_noise import Position
from formula2dgm.runtime.reference_time import kept_steps
from formula2dgm.runtime.reference_values import REDUCTIONS, Value, combine, log_of_exponentials, together


def is_of_densities(node: ir.Node) -> bool:
    """Is a density, or another exponential, a factor here, whose logarithm is known without it?"""
    match node:
        case ir.Apply("exp"):
            return True
        case ir.Mul(factors):
            return any(map(is_of_densities, factors))
        case ir.Div(top, bottom):
            return is_of_densities(top) or is_of_densities(bottom)
        case ir.Pow(base, _):
            return is_of_densities(base)
        case ir.Reduce("sum" | "mean" | "prod", _, body) | ir.Carrying(body) | ir.Window(body):
            return is_of_densities(body)
        case ir.FirstStep(first, rest):
            return is_of_densities(first) or is_of_densities(rest)
    return False


@dataclass(frozen=True, slots=True)
class Logs:
    """What logarithms are computed by: the value of a node at a position, the number that a value is for each example,
    and how many positions an axis has."""

    value: Callable[[ir.Node, Position], Value]
    number: Callable[[Value], Tensor]
    size: Callable[[Axis, ir.Node, Position], int]

    def of(self, node: ir.Node, at: Position) -> Value:
        """The logarithm of a node."""
        match node:
            case ir.Apply("exp", (body,)):
                return self.value(body, at)
            case ir.Mul(factors) if is_of_densities(node):
                return self._of_product(factors, at)
            case ir.Div(top, bottom) if is_of_densities(node):
                return combine(torch.sub, self.of(top, at), self.of(bottom, at))
            case ir.Pow(base, exponent) if is_of_densities(base):
                return combine(torch.mul, self.value(exponent, at), self.of(base, at))
            case ir.Reduce() if is_of_densities(node):
                return self._of_reduction(node, at)
            case ir.Carrying(body) if is_of_densities(body):
                return self.of(body, at)
            case ir.FirstStep(first, rest, time) if is_of_densities(node):
                return self.of(first if at[time] == 0 else rest, at)
        value = self.value(node, at)
        return Value(torch.log(value.tensor), value.batched)

    def _of_product(self, factors: tuple[ir.Node, ...], at: Position) -> Value:
        """The logarithms of the densities, and that of the product of all else, whose signs may cancel."""
        others = [self.value(each, at) for each in factors if not is_of_densities(each)]
        logs = [self.of(each, at) for each in factors if is_of_densities(each)]
        if others:
            product = reduce(partial(combine, torch.mul), others)
            logs.append(Value(torch.log(product.tensor), product.batched))
        return reduce(partial(combine, torch.add), logs)

    def _of_reduction(self, node: ir.Reduce, at: Position) -> Value:
        reduction = REDUCTIONS["sum"] if node.op == "prod" else partial(log_of_exponentials, REDUCTIONS[node.op])
        if node.axis.kind == "batch":
            return Value(reduction(self.number(self.of(node.body, at))), False)
        body = node.body.body if isinstance(node.body, ir.Window) and node.body.time == node.axis else node.body
        every = range(self.size(node.axis, body, at))
        parts, batched = together([self.of(body, {**at, node.axis: each}) for each in every])
        return Value(reduction(torch.stack(parts)[list(kept_steps(node, len(every)))]), batched)
