"""Written numbers and their values."""

from __future__ import annotations

import math
from collections.abc import Iterable

from formula2dgm.diagnostics import Diagnostics
from formula2dgm.syntax import tree


def value_of(number: tree.Number) -> float | int:
    """The value of a written number: ``3`` is whole, ``3.0`` and ``1e-3`` are not."""
    return int(number.text) if number.text.isdigit() else float(number.text)


def constant(node: tree.Node) -> float | int | None:
    """The value of what is written in numbers alone, ``10^{-3}``, ``\\frac12``; None for anything else."""
    try:
        match node:
            case tree.Number():
                return value_of(node)
            case tree.Neg(body):
                inner = constant(body)
                return None if inner is None else -inner
            case tree.Div(first, second) | tree.Power(first, second):
                left, right = constant(first), constant(second)
                if left is None or right is None:
                    return None
                return left / right if isinstance(node, tree.Div) else _real(left**right)
            case tree.Mul(factors) if "circ" not in node.ops:
                values = [value for each in factors if (value := constant(each)) is not None]
                return math.prod(values) if len(values) == len(factors) else None
    except (ArithmeticError, ValueError):
        return None
    return None


def _real(value: object) -> float | int | None:
    return value if isinstance(value, float | int) else None


def refuse_huge(roots: Iterable[tree.Node], found: Diagnostics) -> None:
    """A number beyond what a float holds is an error: it would be infinite."""
    for each in (node for root in roots for node in root.walk()):
        if isinstance(each, tree.Number) and math.isinf(float(each.text)):
            found.error("F2D-0217", f"the number {each} is too large", each.span, "numbers reach to about 1e308")
