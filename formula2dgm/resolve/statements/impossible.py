"""Parameters that are written as numbers and that no density has: a variance of zero."""

from __future__ import annotations

import math

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.constants import number_of
from formula2dgm.resolve.context import Context
from formula2dgm.spans import Span

#: The checks of a family's parameters that a number can fail.
_POSITIVE = ("check_positive", "check_above_zero")


def refuse_impossible(context: Context, law: ir.Law, span: Span | None) -> None:
    """Refuse a number where the family needs a positive one."""
    given = dict(law.params)
    for name, check in registry.family(law.family).under(law.options).check:
        if check not in _POSITIVE or not isinstance(given[name], ir.Const | ir.Apply | ir.Neg | ir.Add | ir.Mul):
            continue
        value = number_of(given[name])  # the root of a negative variance is nan
        if value is None or value > 0:
            continue
        said = f"is {value:g}" if math.isfinite(value) else "is not a number"
        raise context.refuse(
            "F2D-0340",
            f"the {name} of {law.label} {said}, and has to be positive",
            span,
            f"a density of one value is written \\delta(...); else write a positive {name}",
        )
