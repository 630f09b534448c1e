"""Samplers of declared reverse steps: p(x_T), then p(x_{t-1}|x_t) from T down to 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from formula2dgm.ir.axes import Axis
from formula2dgm.ir.laws import Law
from formula2dgm.ir.node import Node
from formula2dgm.records import dataclass


@dataclass(frozen=True, slots=True)
class Reversal:
    """A chain that is drawn from its end to its beginning.

    variable  the name of what it ends in
    x, t      what stands for x_t and for t in the laws below
    first     the law of x_T
    step      the law of x_{t-1}, given x_t
    last      the law of x_0, given x_1, where it is one of its own
    time      the axis of the steps
    shape     the event shape of all of them
    said      what the text calls the densities of x_T and of the step
    """

    variable: str
    x: Node
    t: Node
    first: Law
    step: Law
    last: Law | None
    time: Axis
    shape: tuple[int, ...]
    said: tuple[str, str]

    def changed(self, change: Callable[[Node], Node]) -> Reversal:
        """The same with every node changed."""
        first, step = change(self.first), change(self.step)
        last = change(self.last) if self.last is not None else None
        assert isinstance(first, Law) and isinstance(step, Law) and isinstance(last, Law | None)
        return replace(self, x=change(self.x), t=change(self.t), first=first, step=step, last=last)
