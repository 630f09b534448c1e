"""The entries of a vector: one of them, all along an axis, how many there are."""

from __future__ import annotations

from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.node import Node
from formula2dgm.records import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class Component(Node):
    """One entry of a vector, counted from 1."""

    value: Node
    position: int


@dataclass(frozen=True, eq=False, slots=True)
class Along(Node):
    """The entries of a vector along an axis of their own, that an index runs over: ``[z]_i``."""

    value: Node
    axis: Axis

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.value.axes, (self.axis,)])


@dataclass(frozen=True, eq=False, slots=True)
class Dimension(Node):
    """How many entries a vector has."""

    value: Node

    def _axes(self) -> tuple[Axis, ...]:
        return ()
