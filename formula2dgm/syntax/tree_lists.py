"""Items of lists and subscripts, and what holds them: draws, relations, ranges, tuples, sets."""

from __future__ import annotations

from dataclasses import field

from formula2dgm.records import dataclass
from formula2dgm.syntax.tree_node import Node


@dataclass(frozen=True, slots=True)
class Draws(Node):
    """``names ~ density``.

    joint  names that differ in their primes stand in brackets, ``(x, x') ~ D``: values of one draw, where
           ``x, x' ~ D`` are two draws
    """

    names: tuple[Node, ...]
    density: Node
    joint: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Binds(Node):
    """``name = value`` inside a list or a subscript: ``k=1``, ``z=0``."""

    name: Node
    value: Node


@dataclass(frozen=True, slots=True)
class Relates(Node):
    """``left op right`` inside a list or a subscript: ``t > 1``, ``x \\in S``."""

    left: Node
    op: str
    right: Node


@dataclass(frozen=True, slots=True)
class Range(Node):
    """``lower:upper``."""

    lower: Node
    upper: Node


@dataclass(frozen=True, slots=True)
class OpenRange(Node):
    """``<t``, ``<=t``, ``>t``, ``>=t``."""

    op: str
    bound: Node


@dataclass(frozen=True, slots=True)
class Tuple(Node):
    """``(a, b, ...)``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class SetOf(Node):
    """``\\{a, b, \\dots\\}``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class SetWhere(Node):
    """``\\{element : conditions\\}``; the element may say of what it is one: ``p \\in A``."""

    element: Node
    conditions: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """``[a, b]`` as a set of numbers; ``ends`` are its brackets: ``(]`` where the lower end is left out."""

    lower: Node
    upper: Node
    ends: str = "[]"
