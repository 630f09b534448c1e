"""Written numbers and their values."""

from __future__ import annotations

import math
from collections.abc import Iterable

from formula2dgm.diagnostics import Diagnostics
from formula2dgm.syntax import tree


def value_of(number: tree.Number) -> float | int:
    """The value of a written number: ``3`` is whole, ``3.0`` and ``1e-3`` are not."""
    return int(number.text) if number.text.isdigit() else float(number.text)


def refuse_huge(roots: Iterable[tree.Node], found: Diagnostics) -> None:
    """A number beyond what a float holds is an error: it would be infinite."""
    for each in (node for root in roots for node in root.walk()):
        if isinstance(each, tree.Number) and math.isinf(float(each.text)):
            found.error("F2D-0217", f"the number {each} is too large", each.span, "numbers reach to about 1e308")
