"""The base of all nodes: what it knows of its axes and its event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Literal

from formula2dgm.ir.axes import Axis, merge
from formula2dgm.records import dataclass

Event = Literal["number", "value", "open", "law", "outputs"]


def join(nodes: tuple[Node, ...]) -> Event:
    """What an elementwise operation on these nodes gives."""
    events = {node.event for node in nodes}
    return "value" if "value" in events else "open" if "open" in events else "number"


class _Walked:
    """What a node keeps of walks."""

    __slots__ = ("_beside", "_kinds", "_order")
    _kinds: frozenset[type[Node]]
    _order: tuple[Node, ...]
    #: Several roots, of which it is the first, and the order of all that is below them.
    _beside: tuple[tuple[Node, ...], tuple[Node, ...]]


@dataclass(frozen=True, eq=False, slots=True)
class Node(_Walked):
    """A typed, interned node. Make one with ``arena.make(Class, fields...)`` or the arena's short forms.

    children   what it is computed from, in order
    """

    children: tuple[Node, ...] = field(init=False, repr=False)
    axes: tuple[Axis, ...] = field(init=False, repr=False)
    event: Event = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names: tuple[str, ...] = self.__match_args__
        object.__setattr__(self, "children", tuple(_nodes_in(getattr(self, name) for name in names)))
        object.__setattr__(self, "axes", self._axes())
        object.__setattr__(self, "event", self._event())

    def _axes(self) -> tuple[Axis, ...]:
        return merge(child.axes for child in self.children)

    def _event(self) -> Event:
        return "number"


def _nodes_in(values: Iterable[object]) -> list[Node]:
    found: list[Node] = []
    for each in values:
        if isinstance(each, Node):
            found.append(each)
        elif isinstance(each, tuple):
            found += _nodes_in(each)
    return found
