"""Parameters that are written as numbers and that no density has: a variance of zero."""

from __future__ import annotations

import math
from collections.abc import Callable

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.resolve.context import Context
from formula2dgm.spans import Span

#: The checks of a family's parameters that a number can fail.
_POSITIVE = ("check_positive", "check_above_zero")
_NUMBERS: dict[str, Callable[[float], float]] = {"sqrt": math.sqrt, "exp": math.exp, "log": math.log, "abs": abs}


def refuse_impossible(context: Context, law: ir.Law, span: Span | None) -> None:
    """Refuse a number where the family needs a positive one."""
    given = dict(law.params)
    for name, check in registry.family(law.family).under(law.options).check:
        if check not in _POSITIVE or not isinstance(given[name], ir.Const | ir.Apply | ir.Neg | ir.Add | ir.Mul):
            continue
        try:
            value = _number(given[name])
        except (ValueError, OverflowError):
            value = math.nan  # the root of a negative variance
        if value is None or value > 0:
            continue
        said = f"is {value:g}" if math.isfinite(value) else "is not a number"
        raise context.refuse(
            "F2D-0340",
            f"the {name} of {law.label} {said}, and has to be positive",
            span,
            f"a density of one value is written \\delta(...); else write a positive {name}",
        )


def _number(node: ir.Node) -> float | None:
    """The value of a number that the formula writes; None for what is known at run time."""
    match node:
        case ir.Const(value):
            return value
        case ir.Neg(body):
            inner = _number(body)
            return None if inner is None else -inner
        case ir.Add(parts) | ir.Mul(parts):
            values = [_number(each) for each in parts]
            known = [each for each in values if each is not None]
            if len(known) < len(values):
                return None
            return math.fsum(known) if isinstance(node, ir.Add) else math.prod(known)
        case ir.Apply(function, (body,)) if function in _NUMBERS:
            inner = _number(body)
            return None if inner is None else float(_NUMBERS[function](inner))
    return None
