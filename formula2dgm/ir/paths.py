"""Paths of differential equations: ``dz/dt = f(z, t)`` from a value at one time to another, and integrals along them.

What changes along a path is computed of two leaves, its state and its time; both are :class:`PathPoint`.
"""

from __future__ import annotations

from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.node import Event, Node
from formula2dgm.records import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class PathPoint(Node):
    """The state of a path that begins at ``start``, or (``number``) its time, one for each position of its axes."""

    name: str
    start: Node
    number: bool = False

    def _event(self) -> Event:
        return "number" if self.number or self.start.event == "number" else "value"


@dataclass(frozen=True, eq=False, slots=True)
class Solution(Node):
    """The state at the time ``end`` of the path that begins at the time ``begin``, by steps of one size.

    Each step is one of the classical Runge-Kutta method, of order 4.
    """

    field: Node
    state: PathPoint
    time: PathPoint
    begin: Node
    end: Node
    steps: int

    def _event(self) -> Event:
        return self.state.event


@dataclass(frozen=True, eq=False, slots=True)
class PathIntegral(Node):
    """The integral over time of a number along a path, in the direction of the path, by the steps of its solution."""

    path: Solution
    integrand: Node

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.path.axes, self.integrand.axes])
