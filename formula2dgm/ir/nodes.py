"""The nodes of a resolved program.

A node is immutable and interned by an :class:`~formula2dgm.ir.arena.Arena`: two nodes with the same fields
are one object, so equality is ``is``, and a network applied to the same inputs is one node wherever the
formula mentions it.  Randomness is part of identity: a :class:`Draw` is its distribution, its site and its
copy.  Places in the user's text lie beside the nodes, in the arena.

Each node knows its ``axes`` (see :mod:`formula2dgm.ir.axes`) and its ``event``:

    number   no event dimensions: a log-density, a norm, a hyperparameter, a scalar draw
    value    the event dimensions of some variable: data, a draw, a parameter
    open     what a deterministic network returns: a number or a value, as its use demands
    law      a distribution
    outputs  the raw result of a network call

:class:`Reduce` is the only node that removes an axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from formula2dgm.ir.axes import Axis, merge

Event = Literal["number", "value", "open", "law", "outputs"]


def _join(nodes: tuple[Node, ...]) -> Event:
    events = {node.event for node in nodes}
    return "value" if "value" in events else "open" if "open" in events else "number"


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """A typed, interned node. Make one with ``arena.make(Class, fields...)`` or the arena's short forms."""

    axes: tuple[Axis, ...] = field(init=False, repr=False)
    event: Event = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", self._axes())
        object.__setattr__(self, "event", self._event())

    @property
    def children(self) -> Iterator[Node]:
        """The nodes this one is computed from, in order."""
        names: tuple[str, ...] = self.__match_args__
        for name in names:
            yield from _nodes_in(getattr(self, name))

    def _axes(self) -> tuple[Axis, ...]:
        return merge(child.axes for child in self.children)

    def _event(self) -> Event:
        return "number"


def _nodes_in(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _nodes_in(each)


# -- leaves --------------------------------------------------------------------------------------------


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
    """A tensor that the caller passes: ``[batch, (time,) event...]``."""

    name: str
    own: tuple[Axis, ...]

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.own])

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class Param(Node):
    """A tensor of the module itself: a learned parameter, or a constant kept as a buffer."""

    name: str
    learned: bool
    frozen: bool = False

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class Index(Node):
    """The number of the present position on an axis, counted from ``lower``."""

    axis: Axis
    lower: int = 1

    def _axes(self) -> tuple[Axis, ...]:
        return (self.axis,)


@dataclass(frozen=True, eq=False, slots=True)
class Enumerated(Node):
    """All values of a finite law's variable, along an enumeration axis. The law gives only their number."""

    law: Law
    axis: Axis

    def _axes(self) -> tuple[Axis, ...]:
        return (self.axis,)

    def _event(self) -> Event:
        return "value"


@dataclass(frozen=True, eq=False, slots=True)
class Previous(Node):
    """The value of a recurrent site ``lag`` steps ago; ``initial`` before the first step."""

    site: str
    time: Axis
    initial: Node
    own: tuple[Axis, ...]
    lag: int = 1

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.own])

    def _event(self) -> Event:
        return "value"


# -- networks and laws ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class NetCall(Node):
    """One call of a network.

    frozen   its parameters are constants here; its inputs still carry gradients
    copy     tells calls with the same inputs apart where a network with random layers is to be evaluated again
    """

    network: str
    args: tuple[Node, ...]
    frozen: bool = False
    copy: int = 0

    def _event(self) -> Event:
        return "outputs"


@dataclass(frozen=True, eq=False, slots=True)
class Head(Node):
    """One result of a network call.

    family  the family whose parameters the network returns, or None for a deterministic network
    name    the canonical parameter (``loc``, ``logits``) or the output's name; None: the tensor itself
    """

    call: NetCall
    family: str | None = None
    name: str | None = None

    def _event(self) -> Event:
        return "value" if self.family else "open"


@dataclass(frozen=True, eq=False, slots=True)
class Law(Node):
    """A distribution: a family at its canonical parameters (in the family's order).

    label      the density as the formula names it: ``q(z|x)``; for people, and part of identity
    shape      the event shape where the binding or a space declares it, else None
    scalar     one number per example that broadcasts over event axes (``U(0, 1)``)
    options    what the binding chose beside parameters: ``("one_hot", True)``
    """

    label: str
    family: str
    params: tuple[tuple[str, Node], ...]
    shape: tuple[int, ...] | None = None
    scalar: bool = False
    options: tuple[tuple[str, object], ...] = ()

    def _event(self) -> Event:
        return "law"


@dataclass(frozen=True, eq=False, slots=True)
class Draw(Node):
    """A draw from a law at a site. ``own`` axes are drawn independently beside those of the law's parameters.

    Two draws with the same law, site, axes and ``copy`` are one draw.
    """

    law: Law
    site: str
    own: tuple[Axis, ...] = ()
    copy: int = 0

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.law.axes, self.own])

    def _event(self) -> Event:
        return "number" if self.law.scalar else "value"


@dataclass(frozen=True, eq=False, slots=True)
class Permuted(Node):
    """``value`` with its batch in a random order; the site's noise is the permutation."""

    value: Node
    site: str
    axis: Axis

    def _event(self) -> Event:
        return self.value.event


@dataclass(frozen=True, eq=False, slots=True)
class LogProb(Node):
    """``log law(value)``, summed over the event."""

    law: Law
    value: Node


@dataclass(frozen=True, eq=False, slots=True)
class Divergence(Node):
    """A divergence of two laws of one variable in closed form (``name`` as in the registry: ``KL``)."""

    name: str
    left: Law
    right: Law


@dataclass(frozen=True, eq=False, slots=True)
class Entropy(Node):
    """The entropy of a law in closed form."""

    law: Law


# -- arithmetic ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class Add(Node):
    args: tuple[Node, ...]

    def _event(self) -> Event:
        return _join(self.args)


@dataclass(frozen=True, eq=False, slots=True)
class Mul(Node):
    args: tuple[Node, ...]

    def _event(self) -> Event:
        return _join(self.args)


@dataclass(frozen=True, eq=False, slots=True)
class Div(Node):
    top: Node
    bottom: Node

    def _event(self) -> Event:
        return _join((self.top, self.bottom))


@dataclass(frozen=True, eq=False, slots=True)
class Pow(Node):
    base: Node
    exponent: Node

    def _event(self) -> Event:
        return _join((self.base, self.exponent))


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
        return _join(self.args)


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
class Grad(Node):
    """The gradient of a number with respect to a value, example by example."""

    body: Node
    wrt: Node

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.body.axes, self.wrt.axes])

    def _event(self) -> Event:
        return self.wrt.event


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
