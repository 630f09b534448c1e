"""Written numbers and their values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from formula2dgm.diagnostics import Diagnostics
from formula2dgm.syntax import tree

#: The largest power of 2 that a float holds.
LARGEST_EXPONENT = 1023


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
                return left / right if isinstance(node, tree.Div) else _real(power(left, right))
            case tree.Mul(factors) if "circ" not in node.ops:
                values = [value for each in factors if (value := constant(each)) is not None]
                return math.prod(values) if len(values) == len(factors) else None
    except (ArithmeticError, ValueError):
        return None
    return None


def power(base: float | int, exponent: float | int) -> float | int | complex:
    """``base ** exponent``, of whole numbers too where all digits are few enough for a float.

    Raises OverflowError where no float is that large, at once: whole numbers alone would fill the memory first.
    """
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        if abs(base).bit_length() * exponent <= LARGEST_EXPONENT:
            return int(base**exponent)
    found: float | complex = float(base) ** float(exponent)
    return found


def _real(value: object) -> float | int | None:
    return value if isinstance(value, float | int) else None


def refuse_huge(roots: Sequence[tree.Node], found: Diagnostics) -> None:
    """A number beyond what a float holds is an error: it would be infinite; so is a power that is no real number.

    Names that the text gives a number, ``T = 1000``, have it in powers, too.
    """
    named = {
        members[0]: value_of(members[1])
        for root in roots
        if isinstance(root, tree.Chain) and len(root.members) == 2 and root.relations[0] in ("=", ":=")
        for members in [root.members]
        if isinstance(members[1], tree.Number) and math.isfinite(float(members[1].text))
    }
    for each in (node for root in roots for node in root.walk()):
        if isinstance(each, tree.Number) and math.isinf(float(each.text)):
            found.error("F2D-0217", f"the number {each} is too large", each.span, "numbers reach to about 1e308")
        elif isinstance(each, tree.Power | tree.Mul | tree.Func):
            _refuse_overflow(each, named, found)


def _refuse_overflow(node: tree.Node, named: Mapping[tree.Node, float | int], found: Diagnostics) -> None:
    """Refuse a power, a product or an exponential whose parts are numbers and which itself is none."""
    try:
        match node:
            case tree.Power(first, second):
                base, exponent = _known(first, named), _known(second, named)
                if base is None or exponent is None:
                    return
                if isinstance(power(base, exponent), complex):
                    raise ZeroDivisionError
            case tree.Mul(factors) if "circ" not in node.ops:
                values = [value for each in factors if (value := _known(each, named)) is not None]
                if math.isinf(math.prod(map(float, values))):
                    message = f"the number that this product begins with, {node}, is too large"
                    found.error("F2D-0217", message, node.span, "numbers reach to about 1e308")
            case tree.Func("exp", (argument,)):
                if (value := _known(argument, named)) is not None:
                    math.exp(value)
    except OverflowError:
        found.error("F2D-0217", f"the number {node} is too large", node.span, "numbers reach to about 1e308")
    except ZeroDivisionError:
        hint = "powers of negative numbers are whole, those of 0 are not negative"
        found.error("F2D-0660", f"{node} is no real number", node.span, hint)


def _known(node: tree.Node, named: Mapping[tree.Node, float | int]) -> float | int | None:
    return named[node] if node in named else constant(node)
