"""Leaves: numbers, data, parameters, positions, values that no law of the same place gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.node import Event, Node
from formula2dgm.records import dataclass

if TYPE_CHECKING:
    from formula2dgm.ir.laws import Law


@dataclass(frozen=True, eq=False, slots=True)
class Const(Node):
    """A literal number."""

    value: float | int


@dataclass(frozen=True, eq=False, slots=True)
class Hyper(Node):
    """A scalar hyperparameter: a default that each call may override."""

    name: str


@dataclass(frozen=True, eq=False, slots=True)
class Data(Node):
    """A tensor that the caller passes: ``[batch, (plates, time,) event...]``; an axis that is left out is part of the
    event: x of ``q(z|x)`` beside ``x_i``. ``number`` says that there is no event behind the axes: a weight."""

    name: str
    own: tuple[Axis, ...]
    number: bool = False

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.own])

    def _event(self) -> Event:
        return "number" if self.number else "value"


@dataclass(frozen=True, eq=False, slots=True)
class Param(Node):
    """A tensor of the module itself: a learned parameter, or a constant kept as a buffer.

    ``own`` are the index axes that its first dimensions run along: ``mu_k`` for all k; ``number`` says that nothing
    is left behind them: ``pi_k``.
    """

    name: str
    learned: bool
    frozen: bool = False
    own: tuple[Axis, ...] = ()
    number: bool = False

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.own])

    def _event(self) -> Event:
        return "number" if self.number else "value"


@dataclass(frozen=True, eq=False, slots=True)
class Index(Node):
    """The number of the present position on an axis, counted from ``lower``."""

    axis: Axis
    lower: int = 1

    def _axes(self) -> tuple[Axis, ...]:
        return (self.axis,)


@dataclass(frozen=True, eq=False, slots=True)
class Size(Node):
    """The number of positions on an axis that the data decide: how many examples a batch has."""

    axis: Axis


@dataclass(frozen=True, eq=False, slots=True)
class LogStratumWeight(Node):
    """The log-weight of the example that ``axis`` counts in a minibatch-stratified estimate for one of its batch.

    With M + 1 examples in the batch and N in the data set: 1/N for the example itself, (N - M)/(N M) for the one after
    it, which stands for the stratum of all that are not in the batch, and 1/M for every other (Chen et al. 2018, C.2).
    """

    axis: Axis
    examples: Node

    def _axes(self) -> tuple[Axis, ...]:
        assert self.axis.of is not None
        return merge([(self.axis, self.axis.of)])


@dataclass(frozen=True, eq=False, slots=True)
class Enumerated(Node):
    """All values of a finite law's variable, along an enumeration axis. The law gives only their number."""

    law: Law
    axis: Axis

    def _axes(self) -> tuple[Axis, ...]:
        return (self.axis,)

    def _event(self) -> Event:
        return "value"
