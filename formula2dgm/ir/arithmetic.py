"""Arithmetic, elementwise functions, gradients and reductions."""

from __future__ import annotations

from typing import Literal

from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.node import Event, Node, join
from formula2dgm.records import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class Add(Node):
    args: tuple[Node, ...]

    def _event(self) -> Event:
        return join(self.args)


@dataclass(frozen=True, eq=False, slots=True)
class Mul(Node):
    args: tuple[Node, ...]

    def _event(self) -> Event:
        return join(self.args)


@dataclass(frozen=True, eq=False, slots=True)
class Div(Node):
    top: Node
    bottom: Node

    def _event(self) -> Event:
        return join((self.top, self.bottom))


@dataclass(frozen=True, eq=False, slots=True)
class Pow(Node):
    base: Node
    exponent: Node

    def _event(self) -> Event:
        return join((self.base, self.exponent))


@dataclass(frozen=True, eq=False, slots=True)
class Neg(Node):
    body: Node

    def _event(self) -> Event:
        return self.body.event


@dataclass(frozen=True, eq=False, slots=True)
class Apply(Node):
    """An elementwise function of the registry: ``log``, ``exp``, ``sigmoid``, ``sqrt``, ``abs``, ``max`` …"""

    function: str
    args: tuple[Node, ...]

    def _event(self) -> Event:
        return join(self.args)


@dataclass(frozen=True, eq=False, slots=True)
class Norm(Node):
    """``||body||_order`` over the event dimensions."""

    body: Node
    order: float = 2.0


@dataclass(frozen=True, eq=False, slots=True)
class Dot(Node):
    """The inner product over the event dimensions."""

    left: Node
    right: Node


@dataclass(frozen=True, eq=False, slots=True)
class EventSum(Node):
    """The sum over the event dimensions."""

    body: Node


@dataclass(frozen=True, eq=False, slots=True)
class MatMul(Node):
    """A matrix, or its transpose, times a vector: both are event dimensions."""

    matrix: Node
    vector: Node
    transposed: bool = False

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class LogAbsDet(Node):
    """``log|det A|`` of a square matrix, which is the event."""

    matrix: Node


@dataclass(frozen=True, eq=False, slots=True)
class EventFunction(Node):
    """A function of whole vectors, of the registry: ``softmax`` gives one, ``logsumexp`` a number."""

    function: str
    args: tuple[Node, ...]
    gives: Event

    def _event(self) -> Event:
        return self.gives


@dataclass(frozen=True, eq=False, slots=True)
class Entry(Node):
    """The entry of a vector that a category counts from 0, or marks as one-hot."""

    value: Node
    category: Node


@dataclass(frozen=True, eq=False, slots=True)
class ArgMin(Node):
    """The position on an axis, counted from 0, where a number is the smallest; the first one of several."""

    body: Node
    axis: Axis

    def _axes(self) -> tuple[Axis, ...]:
        return tuple(axis for axis in self.body.axes if axis != self.axis)


@dataclass(frozen=True, eq=False, slots=True)
class Nearest(Node):
    """The row of ``rows``, counted from 0, at the smallest distance ``||value - row||_order``; of a value with more
    dimensions than a row, one for each position in these."""

    value: Node
    rows: Node
    axis: Axis
    order: float = 2.0

    def _axes(self) -> tuple[Axis, ...]:
        return self.value.axes

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class Grad(Node):
    """The gradient of a number with respect to a value, example by example."""

    body: Node
    wrt: Node

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.body.axes, self.wrt.axes])

    def _event(self) -> Event:
        return self.wrt.event


@dataclass(frozen=True, eq=False, slots=True)
class LogDetJacobian(Node):
    """``log|det|`` of the derivative of a value by another of the same axes and size, example by example."""

    body: Node
    wrt: Node


@dataclass(frozen=True, eq=False, slots=True)
class JacobianTrace(Node):
    """The trace of the derivative of a value by another of the same axes and size, example by example."""

    body: Node
    wrt: Node


@dataclass(frozen=True, eq=False, slots=True)
class Jvp(Node):
    """The derivative of a network's result, a ``Head``, where its arguments at ``places`` move along ``tangents``."""

    head: Node
    places: tuple[int, ...]
    tangents: tuple[Node, ...]

    def _event(self) -> Event:
        return self.head.event


@dataclass(frozen=True, eq=False, slots=True)
class StopGrad(Node):
    """``sg[body]``: the value without its gradient."""

    body: Node

    def _event(self) -> Event:
        return self.body.event


@dataclass(frozen=True, eq=False, slots=True)
class At(Node):
    """``value`` with ``axis`` read at ``index``: another axis's :class:`Index`, a shift of one, a constant."""

    value: Node
    axis: Axis
    index: Node

    def _axes(self) -> tuple[Axis, ...]:
        kept = tuple(axis for axis in self.value.axes if axis != self.axis)
        return merge([kept, self.index.axes])

    def _event(self) -> Event:
        return self.value.event


@dataclass(frozen=True, eq=False, slots=True)
class Stack(Node):
    """The numbers along an axis as the entries of a vector: the axis becomes the event."""

    body: Node
    axis: Axis

    def _axes(self) -> tuple[Axis, ...]:
        return tuple(axis for axis in self.body.axes if axis != self.axis)

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class Entries(Node):
    """Numbers as the entries of a vector, ``(a, b, c)``."""

    parts: tuple[Node, ...]

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class Choice(Node):
    """The one of several values that a category numbers from 0."""

    category: Node
    parts: tuple[Node, ...]

    def _event(self) -> Event:
        return "value"


ReduceOp = Literal["sum", "mean", "logsumexp", "logmeanexp", "prod"]


@dataclass(frozen=True, eq=False, slots=True)
class Reduce(Node):
    """The one node that removes an axis."""

    op: ReduceOp
    axis: Axis
    body: Node

    def _axes(self) -> tuple[Axis, ...]:
        return tuple(axis for axis in self.body.axes if axis != self.axis)

    def _event(self) -> Event:
        return self.body.event
