"""Numbers that nodes are, without running anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from formula2dgm.ir import nodes as ir

_NUMBERS: dict[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "abs": abs,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
    "square": lambda value: value * value,
}


def number_of(node: ir.Node, defaults: Mapping[str, float | int | None] | None = None) -> float | None:
    """The value of a number that the formula writes, hyperparameters at their ``defaults``; None for what is known at
    run time, nan where there is no number: the root of -1."""
    try:
        return _number(node, defaults or {})
    except (ValueError, OverflowError, ZeroDivisionError):
        return math.nan


def _number(node: ir.Node, defaults: Mapping[str, float | int | None]) -> float | None:
    match node:
        case ir.Const(value):
            return value
        case ir.Hyper(name):
            return defaults.get(name)
    if not isinstance(node, ir.Neg | ir.Add | ir.Mul | ir.Div | ir.Pow | ir.Apply):
        return None
    parts = [_number(each, defaults) for each in node.children]
    known = [each for each in parts if each is not None]
    if len(known) < len(parts):
        return None
    match node:
        case ir.Neg():
            return -known[0]
        case ir.Add():
            return math.fsum(known)
        case ir.Mul():
            return math.prod(known)
        case ir.Div():
            return known[0] / known[1]
        case ir.Pow():
            power = known[0] ** known[1]
            return None if isinstance(power, complex) else float(power)
        case ir.Apply(function) if function in _NUMBERS and len(known) == 1:
            return float(_NUMBERS[function](known[0]))
    return None
