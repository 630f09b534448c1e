"""The base of all nodes: what it knows of its axes and its event."""

from __future__ import annotations

from collections.abc import Iterator
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

    __slots__ = ("_children", "_kinds", "_order")
    _children: tuple[Node, ...]
    _kinds: frozenset[type[Node]]
    _order: tuple[Node, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Node(_Walked):
    """A typed, interned node. Make one with ``arena.make(Class, fields...)`` or the arena's short forms."""

    axes: tuple[Axis, ...] = field(init=False, repr=False)
    event: Event = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", self._axes())
        object.__setattr__(self, "event", self._event())

    @property
    def children(self) -> tuple[Node, ...]:
        """The nodes this one is computed from, in order."""
        try:
            return self._children
        except AttributeError:
            names: tuple[str, ...] = self.__match_args__
            found = tuple(each for name in names for each in _nodes_in(getattr(self, name)))
            object.__setattr__(self, "_children", found)
            return found

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
