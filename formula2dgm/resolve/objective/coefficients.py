"""The coefficient of a term: its numbers and hyperparameters as one node."""

from __future__ import annotations

from math import isfinite, prod

from formula2dgm.ir import nodes as ir
from formula2dgm.resolve.context import Context
from formula2dgm.spans import Span


def coefficient(context: Context, number: float, symbols: tuple[ir.Node, ...], span: Span) -> ir.Node:
    """``number * symbols`` as one node; ``1/N`` and ``N`` cancel, and so do ``beta/(2N)`` and ``N``."""
    make = context.arena.make
    if not isfinite(number):
        raise context.refuse("F2D-0217", "the factor of a term here is too large", span, "numbers reach to about 1e308")
    kept = list(symbols)
    for each in symbols:
        if not isinstance(each, ir.Div) or each not in kept:
            continue
        below = each.bottom.args if isinstance(each.bottom, ir.Mul) else (each.bottom,)
        size = next((part for part in below if part in kept), None)
        if size is None:
            continue
        kept.remove(size)
        rest = list(below)
        rest.remove(size)
        number /= prod(part.value for part in rest if isinstance(part, ir.Const))
        named = tuple(part for part in rest if not isinstance(part, ir.Const))
        top = each.top
        if isinstance(top, ir.Const):
            number, top = number * top.value, context.const(1)
        position = kept.index(each)
        if named:
            kept[position] = make(ir.Div, top, named[0] if len(named) == 1 else make(ir.Mul, named))
        elif isinstance(top, ir.Const):
            kept.pop(position)
        else:
            kept[position] = top
    value = context.const(int(number) if number == int(number) and abs(number) < 2**53 else number)
    if not kept:
        return value
    if abs(number) == 1:
        product = kept[0] if len(kept) == 1 else make(ir.Mul, tuple(kept))
        return product if number == 1 else make(ir.Neg, product)
    return make(ir.Mul, (value, *kept))
