r"""The ends of a Uniform: ``U(t_{min}, t_{max})`` and ``\int_{t_{min}}^{t_{max}}`` need two numbers, the second larger.

A name that nothing gives a number is 1 by default; an interval whose two ends are then equal has no length, and the
objective over it would be 0.
"""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def refuse_no_length(context: Context, label: str, low: ir.Node, high: ir.Node, written: tree.Node) -> None:
    """An error where the two ends of a Uniform are known, by default or otherwise, and the second is not larger."""
    first, last = _number(context, low), _number(context, high)
    if first is None or last is None or first < last:
        return
    begin = 0.001 if last > 0.001 else last - 1
    possible = (low, begin), (high, last if isinstance(low, ir.Hyper) else first + 1)
    bind = ", ".join(f"{each.name!r}: {number:g}" for each, number in possible if isinstance(each, ir.Hyper))
    raise context.refuse(
        "F2D-0527",
        f"{label} reaches from {first:g} to {last:g}: an interval needs two ends, the second larger",
        written.span,
        f"say where it begins and ends: bind {{{bind}}}, or write the numbers" if bind else "exchange the two",
    )


def _number(context: Context, node: ir.Node) -> float | None:
    """The number of an end that is one, or a hyperparameter's."""
    if isinstance(node, ir.Const):
        return float(node.value)
    if isinstance(node, ir.Hyper) and node.name in context.hyperparameters:
        default = context.hyperparameters[node.name].default
        return None if default is None else float(default)
    return None
