"""``1/K sum_k`` is a mean over k.

    1/K * sum_k[log p(x|z)]        becomes        mean_k[log p(x|z)]

So is a sum over the B examples of a batch, ``B mean_b``, a sum again. Only where K is the very size of the axis; a sum
over half of its draws, or over a window of its steps, stays a sum.
"""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk
from formula2dgm.passes.rewrite import rewrite_program


def recognise_means(program: Program) -> Program:
    """Write every mean that the formula spells as a sum over a size as a mean."""
    return rewrite_program(program, _mean)


def _mean(arena: Arena, node: ir.Node) -> ir.Node:
    match node:
        case ir.Div(ir.Reduce("sum", axis, body), bottom) if _counts(bottom, axis, body):
            return arena.make(ir.Reduce, "mean", axis, body)
        case ir.Mul(args):
            return _mean_in_product(arena, node, args)
    return node


def _mean_in_product(arena: Arena, node: ir.Mul, args: tuple[ir.Node, ...]) -> ir.Node:
    for i, factor in enumerate(args):
        for j, other in enumerate(args):
            match factor, other:
                case ir.Size(), ir.Reduce("mean", axis, body) if _counts(factor, axis, body):
                    total = arena.inherit(arena.make(ir.Reduce, "sum", axis, body), other)
                    left = [total if k == j else arg for k, arg in enumerate(args) if k != i]
                    return total if len(left) == 1 else arena.make(ir.Mul, tuple(left))
                case ir.Div(ir.Const(1), bottom), ir.Reduce("sum", axis, body) if _counts(bottom, axis, body):
                    mean = arena.inherit(arena.make(ir.Reduce, "mean", axis, body), other)
                    rest = [mean if k == j else arg for k, arg in enumerate(args) if k != i]
                    return mean if len(rest) == 1 else arena.make(ir.Mul, tuple(rest))
    return node


def _counts(number: ir.Node, axis: Axis, body: ir.Node) -> bool:
    """Is this the number of positions that a sum is over?"""
    windowed = isinstance(body, ir.Window) and body.time == axis
    return (_is_size(number, axis) or _counts_entries(number, axis, body)) and not windowed


def _counts_entries(number: ir.Node, axis: Axis, body: ir.Node) -> bool:
    """Is this how many entries the vector has that is read along the axis?"""
    if not isinstance(number, ir.Dimension):
        return False
    return any(isinstance(each, ir.Along) and (each.value, each.axis) == (number.value, axis) for each in walk(body))


def _is_size(node: ir.Node, axis: Axis) -> bool:
    match node:
        case ir.Hyper(name):
            return axis.size == name
        case ir.Const(value):
            return isinstance(axis.size, int) and axis.size == value
        case ir.Size(batch):
            return batch in (axis, axis.of)
    return False
