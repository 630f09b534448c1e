r"""Time: values of other steps, values that a step carries to the next, whole sequences.

Where sequences have lengths of their own, ``lengths`` is the node of them: what is read behind an example's last step
is as if nothing were there.

Only what needs its own last step is recurrent: a value that reads, through :class:`Previous`, a :class:`Draw` or a
:class:`State` that is computed from it.  A :class:`Previous` names what it reads by its site, as a graph of interned
nodes has no cycles; :class:`Carrying` keeps what is named reachable.
"""

from __future__ import annotations

from typing import Literal

from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.node import Event, Node, join
from formula2dgm.records import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class Lengths(Node):
    """How many steps each example's sequence has; the steps behind are padding."""

    time: Axis
    batch: Axis

    def _axes(self) -> tuple[Axis, ...]:
        return (self.batch,)


@dataclass(frozen=True, eq=False, slots=True)
class Previous(Node):
    """The value of a draw's or a state's site ``lag`` steps ago (of the next step: -1); ``initial`` where there is no
    such step. ``own`` are the axes of what it reads."""

    site: str
    time: Axis
    initial: Node
    own: tuple[Axis, ...]
    lag: int = 1
    lengths: Node | None = None

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.own])

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class State(Node):
    """What ``h_t = f(h_{t-1}, x_t)`` defines: the value of its body, under a site that :class:`Previous` reads.

    ``shape`` is its event shape, where a space, an option or a bound cell says it: a start at 0 takes it.
    """

    body: Node
    site: str
    time: Axis
    shape: tuple[int, ...] | None = None

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.body.axes, (self.time,)])

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class Carrying(Node):
    """The value of ``body``; ``carried`` are the draws and states whose steps it reads and that stand nowhere in it."""

    body: Node
    carried: tuple[Node, ...]

    def _axes(self) -> tuple[Axis, ...]:
        return self.body.axes

    def _event(self) -> Event:
        return self.body.event


@dataclass(frozen=True, eq=False, slots=True)
class FirstStep(Node):
    """``first``, which has no axis of time, at the first step, and ``rest`` at every other: the parameters of
    ``p(z_1)`` and of ``p(z_t|z_{t-1})``."""

    first: Node
    rest: Node
    time: Axis

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.first.axes, self.rest.axes, (self.time,)])

    def _event(self) -> Event:
        return join((self.first, self.rest))


@dataclass(frozen=True, eq=False, slots=True)
class Shifted(Node):
    """``x_{t+1}``: the value ``by`` steps later (before: negative); ``outside``, which has no axis of time, where there
    is no such step."""

    body: Node
    time: Axis
    by: int
    outside: Node
    lengths: Node | None = None

    def _axes(self) -> tuple[Axis, ...]:
        return merge([*(each.axes for each in self.children), (self.time,)])

    def _event(self) -> Event:
        return self.body.event


@dataclass(frozen=True, eq=False, slots=True)
class AtStep(Node):
    """``z_1``, ``z_T``: the value at one step, counted from 1; from the last backwards where ``step`` is 0, -1, ..."""

    body: Node
    time: Axis
    step: int
    lengths: Node | None = None

    def _axes(self) -> tuple[Axis, ...]:
        own = self.lengths.axes if self.lengths is not None else ()
        return merge([tuple(axis for axis in self.body.axes if axis != self.time), own])

    def _event(self) -> Event:
        return self.body.event


@dataclass(frozen=True, eq=False, slots=True)
class Picked(Node):
    """``x_{t_1}``: the value at the step whose number, counted from 1, is ``position``; of each example its own."""

    body: Node
    time: Axis
    position: Node
    lengths: Node | None = None

    def _axes(self) -> tuple[Axis, ...]:
        own = self.lengths.axes if self.lengths is not None else ()
        return merge([tuple(axis for axis in self.body.axes if axis != self.time), self.position.axes, own])

    def _event(self) -> Event:
        return self.body.event


@dataclass(frozen=True, eq=False, slots=True)
class Window(Node):
    """The number ``body`` at the steps from ``first`` to ``last`` steps before the end, 0 at every other:
    ``\\sum_{t=2}^{T-1}`` has first 2 and last 1."""

    body: Node
    time: Axis
    first: int = 1
    last: int = 0
    lengths: Node | None = None

    def _axes(self) -> tuple[Axis, ...]:
        own = self.lengths.axes if self.lengths is not None else ()
        return merge([self.body.axes, (self.time,), own])

    def _event(self) -> Event:
        return self.body.event


@dataclass(frozen=True, eq=False, slots=True)
class Running(Node):
    r"""``\sum_{s=1}^t``, ``\prod_{s=1}^t``: the sum or the product of a value's steps up to the present one."""

    op: Literal["sum", "prod"]
    body: Node
    time: Axis

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.body.axes, (self.time,)])

    def _event(self) -> Event:
        return self.body.event


@dataclass(frozen=True, eq=False, slots=True)
class LinearRecurrence(Node):
    """``c_t = factor_t c_{t-1} + rest_t``, where c before the first step is ``initial``: c at every step."""

    factor: Node
    rest: Node
    initial: Node
    time: Axis

    def _axes(self) -> tuple[Axis, ...]:
        return merge([*(each.axes for each in self.children), (self.time,)])


@dataclass(frozen=True, eq=False, slots=True)
class Sequence(Node):
    """``x_{1:T}``: all steps of a value as one, time the first dimension of its event. A network that it is given is
    told the lengths."""

    body: Node
    time: Axis
    lengths: Node | None = None

    def _axes(self) -> tuple[Axis, ...]:
        own = self.lengths.axes if self.lengths is not None else ()
        return merge([tuple(axis for axis in self.body.axes if axis != self.time), own])

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class Steps(Node):
    """``b_t`` of ``b_{1:T} = f(x_{1:T})``: the first dimension of the event read as the axis of time."""

    body: Node
    time: Axis

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.body.axes, (self.time,)])

    def _event(self) -> Event:
        return self.body.event


@dataclass(frozen=True, eq=False, slots=True)
class Prefix(Node):
    """``x_{\\le t}`` as the argument of a network: the steps up to the present one (from it to the end: ``backward``).

    The network returns as many steps as it is given; the result is the last of them (``backward``: the first).  One
    call on the whole sequence gives the results of all steps, provided that no step of the result reads a later
    (``backward``: an earlier) step of the sequence, which is checked.
    """

    body: Node
    time: Axis
    backward: bool = False
    lengths: Node | None = None

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.body.axes, (self.time,)])

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class Start(Node):
    """What a rollout starts from: the value of a variable after the steps that are given, or ``otherwise``."""

    name: str
    otherwise: Node

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class Pair(Node):
    """A tuple given to a network as one argument: ``(h_{t-1}, c_{t-1})``."""

    parts: tuple[Node, ...]

    def _event(self) -> Event:
        return "value"
