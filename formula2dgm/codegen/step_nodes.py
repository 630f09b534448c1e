"""What stands in the body of a loop over time in place of nodes of all steps."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.node import join
from formula2dgm.records import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class Given(ir.Node):
    """A value that a step is given: one from outside its loop, or one of the step before."""

    number: int
    own: tuple[Axis, ...]
    kind: ir.Event

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.own])

    def _event(self) -> ir.Event:
        return self.kind


@dataclass(frozen=True, eq=False, slots=True)
class FirstOrRest(ir.Node):
    """``first`` where the present step is the first, else ``rest``."""

    first: ir.Node
    rest: ir.Node

    def _event(self) -> ir.Event:
        return join((self.first, self.rest))


@dataclass(frozen=True, eq=False, slots=True)
class SoFar(ir.Node):
    """All steps up to the present one (running backwards: from it on) as one, time the first dimension of its event.
    ``entries``: with zeros for the entries of a vector that are still to come."""

    body: ir.Node
    time: Axis
    backward: bool
    entries: bool = False

    def _event(self) -> ir.Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class ToCome(ir.Node):
    """The present step and those that a loop has not reached, of a value from outside it, as one, time the first
    dimension of its event; ``backward`` where they are the steps to the end."""

    number: int
    own: tuple[Axis, ...]
    backward: bool

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.own])

    def _event(self) -> ir.Event:
        return "value"


#: Several steps of a sequence, as a network is given them in a loop's body.
SEVERAL = SoFar | ToCome
