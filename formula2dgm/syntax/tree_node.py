"""What all nodes of the tree share: a place in the text, children, a printed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, fields, replace
from functools import cache
from typing import Any, Self, TypeVar

from formula2dgm.records import dataclass
from formula2dgm.spans import Span

N = TypeVar("N", bound="Node")


@cache
def names_of(kind: type[Node]) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes."""
    return tuple(each.name for each in fields(kind) if each.name != "span")


class _Walked:
    """What a node keeps of walks: a model is walked by each of some hundred rules, and a node never changes."""

    __slots__ = ("_below", "_children", "_density", "_found", "_hash", "_head", "_name", "_signature", "_text")
    _hash: int
    _children: tuple[Node, ...]
    _below: tuple[Node, ...]
    _found: dict[tuple[type[Node], ...], tuple[Node, ...]]
    _text: str
    #: What it is to ``reading``: whether certainly a density, and its name or signature for which indices (see
    #: ``is_density_call``, ``read_name`` and ``read_signature``).
    _density: bool
    _name: tuple[object, Any]
    _head: tuple[object, Any]
    _signature: tuple[object, object, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(_Walked):
    """Anything with a place in the text."""

    span: Span = field(compare=False, repr=False)

    @property
    def children(self) -> tuple[Node, ...]:
        """The direct child nodes, in the order written."""
        try:
            return self._children
        except AttributeError:
            found: list[Node] = []
            for name in names_of(type(self)):  # type: ignore[arg-type]
                value = getattr(self, name)
                if isinstance(value, Node):
                    found.append(value)
                elif isinstance(value, tuple):
                    found += [each for each in value if isinstance(each, Node)]
            object.__setattr__(self, "_children", tuple(found))
            return self._children

    def walk(self) -> Iterator[Node]:
        """The node and all nodes below it, in the order written."""
        try:
            return iter(self._below)
        except AttributeError:
            found: list[Node] = []
            stack: list[Node] = [self]
            while stack:
                node = stack.pop()
                known = getattr(node, "_below", None)
                if known is not None:
                    found += known
                    continue
                found.append(node)
                stack.extend(reversed(node.children))
            object.__setattr__(self, "_below", tuple(found))
            return iter(self._below)

    def all(self, *kinds: type[N]) -> tuple[N, ...]:
        """The nodes of some kinds among :meth:`walk`: found once for each such question."""
        try:
            found = self._found
        except AttributeError:
            found = {}
            object.__setattr__(self, "_found", found)
        if kinds not in found:
            found[kinds] = tuple(each for each in self.walk() if isinstance(each, kinds))
        return found[kinds]  # type: ignore[return-value]

    def placed(self, span: Span) -> Self:
        """The same node, it and all below it at another place: what a word of the text stands for."""
        moved: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Node):
                moved[each.name] = value.placed(span)
            elif isinstance(value, tuple):
                moved[each.name] = tuple(item.placed(span) if isinstance(item, Node) else item for item in value)
        return replace(self, **moved, span=span)

    def __str__(self) -> str:
        try:
            return self._text
        except AttributeError:
            from formula2dgm.syntax.printer import to_ascii

            object.__setattr__(self, "_text", to_ascii(self))
            return self._text

    def latex(self) -> str:
        """The canonical LaTeX of this node."""
        from formula2dgm.syntax.printer import to_latex

        return to_latex(self)
