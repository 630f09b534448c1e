"""Moving trees and diagnostics from the text that was read to the text its author wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, fields, replace
from typing import TypeVar

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.records import dataclass
from formula2dgm.spans import Source, Span
from formula2dgm.syntax import tree

N = TypeVar("N", bound=tree.Node)


@dataclass(frozen=True, eq=False)
class Part(Source):
    """A part of a text, blanked here and there: ``whole`` holds it as its author wrote it, from ``offset`` on."""

    whole: Source = field(kw_only=True)
    offset: int = field(kw_only=True)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column in the whole text."""
        return self.whole.position(offset + self.offset)

    def line(self, number: int) -> str:
        """No line: what is found in a part is shown only once it was moved to the whole text."""
        return ""


@dataclass(frozen=True, slots=True)
class Move:
    """Moves what was read from a part to the whole text."""

    part: Part

    def span(self, span: Span) -> Span:
        if span.source is not self.part:
            return span
        return Span(self.part.whole, span.start + self.part.offset, span.end + self.part.offset)

    def node(self, node: N) -> N:
        """The same tree, in its own place."""
        changes: dict[str, object] = {"span": self.span(node.span)}
        for each in fields(node):
            value = getattr(node, each.name)
            if isinstance(value, tree.Node):
                changes[each.name] = self.node(value)
            elif isinstance(value, tuple) and any(isinstance(item, tree.Node) for item in value):
                changes[each.name] = tuple(self.node(item) if isinstance(item, tree.Node) else item for item in value)
        return replace(node, **changes)  # type: ignore[arg-type]

    def diagnostics(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        return [each if each.span is None else replace(each, span=self.span(each.span)) for each in found]
