"""Where a piece of a formula stands in the text its author wrote."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field
from functools import cached_property

from formula2dgm.records import dataclass

#: What is shown in the place of a character that shows nothing.
UNSEEN = "\N{REPLACEMENT CHARACTER}"


def visible(text: str) -> str:
    r"""The text with a mark, as wide as it is, for each character that shows nothing: one that commands a terminal,
    turns the direction of the text beside it, or stands for half of another. Line ends count among them.

    >>> visible("a\u202eb\x1b[0m\ud800")
    'a�b�[0m�'
    """
    return text if text.isprintable() else "".join(each if each.isprintable() else UNSEEN for each in text)


@dataclass(frozen=True, eq=False)
class Source:
    """One text, as the user wrote it: a formula, a statement of a list, or a file.

    ``name`` is what an error message calls it (a file's path, ``"<formula>"``, a binding's key).
    """

    text: str
    name: str = "<formula>"

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        return (0, *(i + 1 for i, char in enumerate(self.text) if char == "\n"))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both counted from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its end."""
        start = self._line_starts[number - 1]
        return self.text[start:].split("\n", 1)[0]


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range ``[start, end)`` of characters of one source."""

    source: Source = field(repr=False)
    start: int
    end: int

    def __or__(self, other: Span) -> Span:
        """The smallest span that covers both (of one source; else the left one)."""
        if self.source is not other.source:
            return self
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))

    @property
    def text(self) -> str:
        """The characters the span covers."""
        return self.source.text[self.start : self.end]
