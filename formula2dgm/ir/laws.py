"""Networks, distributions, and what is drawn from them or measured on them."""

from __future__ import annotations

from typing import Literal

from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.node import Event, Node
from formula2dgm.records import dataclass

#: How a network is called. All but ``plain`` give the value and the log-determinant of its Jacobian in the first
#: argument: an invertible module ``forward`` or ``inverse``, any other module by ``differentiation``.
Method = Literal["plain", "forward", "inverse", "differentiation"]

#: The outputs of a call that gives a log-determinant.
VALUE, LOG_DET = 0, 1


@dataclass(frozen=True, eq=False, slots=True)
class NetCall(Node):
    """One call of a network.

    frozen   its parameters are constants here; its inputs still carry gradients
    copy     tells calls with the same inputs apart where a network with random layers is to be evaluated again
    method   how it is called, and so what it returns
    """

    network: str
    args: tuple[Node, ...]
    frozen: bool = False
    copy: int = 0
    method: Method = "plain"

    def _event(self) -> Event:
        return "outputs"


@dataclass(frozen=True, eq=False, slots=True)
class Head(Node):
    """One result of a network call.

    family  the family whose parameters the network returns, or None for a deterministic network
    name    the canonical parameter (``loc``, ``logits``) or the output's name; None: the tensor itself
    output  which of several outputs (of a call with a log-determinant ``VALUE`` or ``LOG_DET``); None: the only one
    """

    call: NetCall
    family: str | None = None
    name: str | None = None
    output: int | None = None

    def _event(self) -> Event:
        if self.call.method != "plain":
            return "number" if self.output == LOG_DET else "value"
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

    @property
    def key(self) -> str:
        """The key of its noise: ``z`` for the model's own draws too, ``z generated`` and ``z filtered``."""
        return self.site.removesuffix(" generated").removesuffix(" filtered")

    def _axes(self) -> tuple[Axis, ...]:
        return merge([self.law.axes, self.own])

    def _event(self) -> Event:
        return "number" if self.law.scalar or self.law.shape == () else "value"


@dataclass(frozen=True, eq=False, slots=True)
class Permuted(Node):
    """``value`` with its batch in a random order; the site's noise is the permutation.

    ``entries``: each entry of the event has an order of its own, so that they become independent of each other.
    ``to``: each example of it goes with a draw of the plan that costs least with ``weight`` times its negative entropy.
    """

    value: Node
    site: str
    axis: Axis
    entries: bool = False
    to: Node | None = None
    weight: Node | None = None

    def _event(self) -> Event:
        return self.value.event


@dataclass(frozen=True, eq=False, slots=True)
class Coupled(Node):
    """``value`` with the examples of its batch in the order that brings them nearest to those of ``to``: the assignment
    with the least sum of squared distances."""

    value: Node
    to: Node
    axis: Axis

    def _event(self) -> Event:
        return self.value.event


@dataclass(frozen=True, eq=False, slots=True)
class LogProb(Node):
    """``log law(value)``, summed over the event; ``elementwise``: entry by entry of the event."""

    law: Law
    value: Node
    elementwise: bool = False

    def _event(self) -> Event:
        return "value" if self.elementwise else "number"


@dataclass(frozen=True, eq=False, slots=True)
class LogProbAt(Node):
    """The log-density of a law that is one of several, ``parts``: the one that the category ``value`` numbers from 0.

    label   the density as the formula names it
    """

    label: str
    value: Node
    parts: tuple[Node, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Divergence(Node):
    """A divergence of two laws of one variable in closed form (``name`` as in the registry: ``KL``), summed over the
    event; ``elementwise``: entry by entry of the event.

    arguments  what the divergence depends on beside its sides: the order of a Renyi divergence
    """

    name: str
    left: Law
    right: Law
    elementwise: bool = False
    arguments: tuple[Node, ...] = ()

    def _event(self) -> Event:
        return "value" if self.elementwise else "number"


@dataclass(frozen=True, eq=False, slots=True)
class Entropy(Node):
    """The entropy of a law in closed form, summed over the event; ``elementwise``: entry by entry of the event."""

    law: Law
    elementwise: bool = False

    def _event(self) -> Event:
        return "value" if self.elementwise else "number"


@dataclass(frozen=True, eq=False, slots=True)
class Moment(Node):
    """The mean or the variance of a law's value, number by number."""

    law: Law
    kind: Literal["mean", "variance"]

    def _event(self) -> Event:
        return "value"
