"""What all nodes of the tree share: a place in the text, children, a printed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, Self

from formula2dgm.spans import Span


@cache
def _names(kind: type[Node]) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes; trees are walked often."""
    return tuple(each.name for each in fields(kind) if each.name != "span")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything with a place in the text."""

    span: Span = field(compare=False, repr=False)

    @property
    def children(self) -> Iterator[Node]:
        """The direct child nodes, in the order written."""
        for name in _names(type(self)):  # type: ignore[arg-type]
            value = getattr(self, name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                for child in value:
                    if isinstance(child, Node):
                        yield child

    def walk(self) -> Iterator[Node]:
        """The node and all nodes below it, in the order written."""
        stack: list[Node] = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(list(node.children)))

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
        from formula2dgm.syntax.printer import to_ascii

        return to_ascii(self)

    def latex(self) -> str:
        """The canonical LaTeX of this node."""
        from formula2dgm.syntax.printer import to_latex

        return to_latex(self)
