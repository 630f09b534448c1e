"""What arithmetic on numbers alone settles.

    1 * a, a + 0, a / 1, a^1        become   a
    -(-a)                                    a
    2 * 3                                    6
    scale_from_var(4)                        2

Numbers the formula writes stay as written otherwise: ``1/2`` is not turned into ``0.5``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.program import Program
from formula2dgm.passes.rewrite import rewrite_program

#: Changes of parameters that a number can go through at once.
CONVERSIONS: dict[str, Callable[[float], float]] = {
    "scale_from_var": math.sqrt,
    "scale_from_log_scale": math.exp,
    "scale_from_log_var": lambda log_var: math.exp(log_var / 2),
}


def fold_scalars(program: Program) -> Program:
    """Fold products of numbers, and drop what multiplies by one or adds nothing."""
    return rewrite_program(program, _fold)


def _fold(arena: Arena, node: ir.Node) -> ir.Node:
    match node:
        case ir.Neg(ir.Neg(body)):
            return body
        case ir.Neg(ir.Const(value)):
            return arena.make(ir.Const, -value)
        case ir.Mul(args):
            return _product(arena, node, args)
        case ir.Add(args):
            return _sum(arena, node, args)
        case ir.Div(top, ir.Const(1)):
            return top
        case ir.Pow(base, ir.Const(1)):
            return base
        case ir.Apply(name, (ir.Const(value),)) if name in CONVERSIONS and (value > 0 or "log" in name):
            return arena.make(ir.Const, CONVERSIONS[name](value))
    return node


def _product(arena: Arena, node: ir.Node, args: tuple[ir.Node, ...]) -> ir.Node:
    numbers = [arg.value for arg in args if isinstance(arg, ir.Const)]
    if len(numbers) < 2 and 1 not in numbers:
        return node
    rest = [arg for arg in args if not isinstance(arg, ir.Const)]
    number = math.prod(numbers)
    if not rest:
        return arena.make(ir.Const, number)
    if number != 1:
        rest.insert(0, arena.make(ir.Const, number))
    return rest[0] if len(rest) == 1 else arena.make(ir.Mul, tuple(rest))


def _sum(arena: Arena, node: ir.Node, args: tuple[ir.Node, ...]) -> ir.Node:
    kept = [arg for arg in args if not (isinstance(arg, ir.Const) and arg.value == 0)]
    if len(kept) == len(args) or not kept:
        return node
    return kept[0] if len(kept) == 1 else arena.make(ir.Add, tuple(kept))
