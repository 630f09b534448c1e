"""One formula of a document: where it stands, how it is set, which labels name it or its rows."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.records import dataclass
from formula2dgm.spans import Source, Span
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Layout:
    """An environment that sets a display.

    rows        its rows are equations of their own, with labels of their own
    arguments   how many arguments in braces follow its ``\\begin{…}``
    inline      it stands in running text
    """

    rows: bool = False
    arguments: int = 0
    inline: bool = False


ENVIRONMENTS = {
    **dict.fromkeys(("equation", "displaymath", "multline", "dmath", "dseries"), Layout()),
    **dict.fromkeys(("align", "gather", "flalign", "eqnarray", "darray"), Layout(rows=True)),
    **dict.fromkeys(("alignat", "xalignat", "xxalignat", "IEEEeqnarray", "empheq"), Layout(rows=True, arguments=1)),
    "math": Layout(inline=True),
}


#: The environment of a formula that a table displays: ``$\\displaystyle …$`` in a cell.
CELL = "cell"


@dataclass(frozen=True, slots=True)
class Label:
    """A ``\\label`` and the range of the text it names: a display or one row of it."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula as it was found.

    text          what is read: the characters from ``start`` to ``end``, those that are no mathematics blanked
    opened, closed   its range with its delimiters
    environment   ``align*``, ``\\[``, ``$$``, ``$``, ``math`` (a fence), ``text``
    inline        whether it stands in running text
    """

    source: Source
    start: int
    text: str
    opened: int
    closed: int
    environment: str
    inline: bool = False
    labels: tuple[Label, ...] = ()

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def span(self) -> Span:
        """Where it stands, delimiters included."""
        return Span(self.source, self.opened, self.closed)

    def labelled(self, names: tuple[str, ...]) -> Formula:
        """The formula with more labels, of all of it."""
        known = {each.name for each in self.labels}
        more = (Label(name, self.start, self.end) for name in dict.fromkeys(names) if name not in known)
        return replace(self, labels=(*more, *self.labels))


@dataclass(frozen=True, slots=True)
class Entry:
    """A formula and how it was understood: its statements, and what is wrong with those that are missing."""

    formula: Formula
    statements: tuple[tree.Statement, ...]
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> bool:
        return any(each.severity == "error" for each in self.diagnostics)
