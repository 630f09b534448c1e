r"""Names for what a differential equation makes: ``\Phi`` of ``x = \Phi(z_0)``, and integrals along its path."""

from __future__ import annotations

from dataclasses import field

from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Moving(tree.Symbol):
    """The state of a path, or its time, where an equation or an integral speaks of it."""

    @property
    def key(self) -> str:
        """What a scope calls its value."""
        return f"{self.letter} along its path"


@dataclass(frozen=True, slots=True)
class FlowMap(tree.Symbol):
    """The function that takes the state at one time of ``dz/dt = f(z, t)`` to the state at another.

    right       f(z, t)
    state, time what stands for z and t in it
    begin, end  the times; names: what the state is called then
    change      what the text says that the log-density of the state changes by, -tr(df/dz) or an estimate of it
    said        the equation as it is written
    """

    right: tree.Node = field(kw_only=True)
    state: Moving = field(kw_only=True)
    time: Moving = field(kw_only=True)
    begin: tree.Node = field(kw_only=True)
    end: tree.Node = field(kw_only=True)
    change: tree.Node | None = field(default=None, kw_only=True)
    names: tuple[str, str] = field(kw_only=True)
    said: str = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class AlongPath(tree.Integral):
    """The integral of ``body`` over time along a path, which a call of its :class:`FlowMap`, or of the inverse, is
    the end of; ``forward``: in the direction of that call."""

    path: tree.Call = field(kw_only=True)
    forward: bool = field(kw_only=True)
