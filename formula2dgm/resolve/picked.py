r"""Steps that are drawn: which whole numbers they can be.

A step that can lie outside of every sequence is refused here; whether the numbers fit the sequences of a batch is
checked with the batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Count:
    """``steps`` times the number of steps, plus ``more``."""

    steps: int
    more: int

    def __add__(self, other: Count) -> Count:
        return Count(self.steps + other.steps, self.more + other.more)

    def __neg__(self) -> Count:
        return Count(-self.steps, -self.more)

    def __str__(self) -> str:
        if self.steps == 0:
            return str(self.more)
        return f"T {'+' if self.more > 0 else '-'} {abs(self.more)}" if self.more else "T"


Range = tuple[Count, Count]


def picked_at(context: Context, value: ir.Node, time: Axis, position: ir.Node, symbol: tree.Symbol) -> ir.Node:
    """The value at the step of a position."""
    if time in position.axes:
        raise context.refuse(
            "F2D-0459",
            f"the step of {symbol} is drawn anew at every step",
            symbol.span,
            "draw it outside of the sum over the steps",
        )
    draws = position.law if isinstance(position, ir.Draw) else None
    if draws is not None and draws.family not in ("DiscreteUniform", "Categorical"):
        raise context.refuse(
            "F2D-0459",
            f"the step of {symbol} is drawn from {draws.label}, which are no whole numbers from 1 to T",
            symbol.span,
            "draw it from \\mathcal{U}\\{1, T\\}",
        )
    possible = _range(position, time)
    if possible is not None:
        _refuse_outside(context, time, *possible, symbol)
    return context.arena.make(ir.Picked, value, time, position, origin=symbol)


def _refuse_outside(context: Context, time: Axis, least: Count, most: Count, symbol: tree.Symbol) -> None:
    last = Count(0, time.size) if isinstance(time.size, int) else Count(1, 0)
    behind = most.steps == last.steps and most.more > last.more
    before = least.steps == 0 and least.more < 1
    if before or behind:
        raise context.refuse(
            "F2D-0459",
            f"the steps run from 1 to T, and that of {symbol} can be {least if before else most}",
            symbol.span,
            "draw it so that it stays in the sequence: for x_{t+1}, t \\sim \\mathcal{U}\\{1, T - 1\\}",
        )


def _range(node: ir.Node, time: Axis) -> Range | None:
    """The least and the greatest number that a sum of draws can be, where they are known."""
    match node:
        case ir.Const(value) if value == int(value):
            return Count(0, int(value)), Count(0, int(value))
        case ir.Size(axis) if axis == time:
            return Count(1, 0), Count(1, 0)
        case ir.Lengths():
            return Count(1, 0), Count(1, 0)
        case ir.Draw(law) | ir.Enumerated(law) if law.family == "DiscreteUniform":
            low, high = (_range(value, time) for _, value in law.params)
            return (low[0], high[1]) if low is not None and high is not None else None
        case ir.Neg(body):
            own = _range(body, time)
            return (-own[1], -own[0]) if own is not None else None
        case ir.Add(args):
            parts = [_range(each, time) for each in args]
            known = [each for each in parts if each is not None]
            if len(known) < len(parts):
                return None
            return _total(each[0] for each in known), _total(each[1] for each in known)
    return None


def _total(counts: Iterable[Count]) -> Count:
    total = Count(0, 0)
    for each in counts:
        total += each
    return total
