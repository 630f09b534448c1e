"""Errors and warnings as data: a code, a place in the user's text, a message, a way out."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Iterable, Sequence
from typing import Literal

from formula2dgm.records import dataclass
from formula2dgm.spans import Span, visible

Severity = Literal["error", "warning", "note"]
#: How much of a line is shown, and how much of that before the place.
_SHOWN = 150
_BEFORE = 60


@dataclass(frozen=True, slots=True)
class Fix:
    """What to write in a place instead, for an editor that offers it."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. ``code`` is stable (``F2D-0101``) and has a page in ``docs/errors.md``."""

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    hint: str | None = None
    fix: Fix | None = None

    def __str__(self) -> str:
        return render(self)

    def to_json(self) -> dict[str, object]:
        """The diagnostic as plain data: the range in characters and in lines and columns from 1."""
        fix = {"range": _place(self.fix.span), "text": self.fix.text} if self.fix is not None else None
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "range": _place(self.span) if self.span is not None else None,
            "hint": self.hint,
            "fix": fix,
            "page": f"docs/errors/{self.code}.md",
        }


def _place(span: Span) -> dict[str, object]:
    source = span.source
    return {
        "source": source.name,
        "start": span.start,
        "end": span.end,
        "from": source.position(span.start),
        "to": source.position(span.end),
    }


class FormulaError(ValueError):
    """A refusal of user input. ``str(error)`` shows every diagnostic with its place and caret."""

    def __init__(self, diagnostics: Iterable[Diagnostic] | Diagnostic):
        several = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = several
        super().__init__("\n\n".join(render(each) for each in self.diagnostics))

    def __reduce__(self) -> tuple[object, ...]:
        return FormulaError, (self.diagnostics,)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in the place of a traceback: the line of the user's own code, and what is wrong."""
        steps = traceback.walk_tb(self.__traceback__)
        own = [
            (frame.f_code.co_filename, line) for frame, line in steps if frame.f_globals.get("__name__") == "__main__"
        ]
        code = linecache.getline(*own[-1]).strip() if own else ""
        shown = [f"line {own[-1][1]}: {code}", ""] if code and "run_cell_magic(" not in code else []
        return [*shown, *str(self).splitlines()]


class Diagnostics:
    """Collects what one stage finds, so that all its errors are reported together."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self._known: set[tuple[str, str, Span | None]] = set()

    def error(self, code: str, message: str, span: Span | None = None, hint: str | None = None) -> None:
        self._add(Diagnostic(code, "error", message, span, hint))

    def warning(self, code: str, message: str, span: Span | None = None, hint: str | None = None) -> None:
        self._add(Diagnostic(code, "warning", message, span, hint))

    def _add(self, diagnostic: Diagnostic) -> None:
        finding = (diagnostic.code, diagnostic.message, diagnostic.span)  # said once, whichever hint comes first
        if finding not in self._known:
            self._known.add(finding)
            self.found.append(diagnostic)

    def extend(self, others: Iterable[Diagnostic]) -> None:
        for each in others:
            self._add(each)

    @property
    def errors(self) -> Sequence[Diagnostic]:
        return [each for each in self.found if each.severity == "error"]

    def raise_errors(self) -> None:
        """Raise one ``FormulaError`` with all errors found so far, if there are any."""
        if self.errors:
            raise FormulaError(self.errors)


def render(diagnostic: Diagnostic) -> str:
    """The diagnostic as a person reads it: the message, the line, a caret under the place, the hint.

    >>> from formula2dgm.spans import Source, Span
    >>> print(render(Diagnostic("F2D-0203", "error", "'w' is bound to nothing", Span(Source("E_q[w]"), 4, 5))))
    error[F2D-0203]: 'w' is bound to nothing
      --> <formula>:1:5
        |
      1 | E_q[w]
        |     ^
    """
    message = "\n".join(visible(each) for each in diagnostic.message.split("\n"))
    lines = [f"{diagnostic.severity}[{diagnostic.code}]: {message}"]
    gutter = ""
    if diagnostic.span is not None:
        source = diagnostic.span.source
        row, column = source.position(diagnostic.span.start)
        shown, offset = _excerpt(source.line(row), column)
        room = max(1, len(shown) - offset)
        width = min(max(1, diagnostic.span.end - diagnostic.span.start), room)
        gutter = " " * max(3, len(str(row)) + 1)
        lines += [
            f"{gutter[:-1]}--> {visible(source.name)}:{row}:{column}",
            f"{gutter} |",
            f"{row:>{len(gutter)}} | {shown}",
            f"{gutter} | {' ' * offset}{'^' * width}",
        ]
    if diagnostic.hint:
        first, *rest = (visible(each) for each in diagnostic.hint.split("\n"))
        lines.append(f"{gutter} = help: {first}" if gutter else f"  help: {first}")
        lines += [f"{gutter}         {line}" for line in rest]
    return "\n".join(lines)


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """What is shown of a line, and where in it the column is: all of it, or what is near the column."""
    shown = visible(line.expandtabs(4))
    offset = len(line[: column - 1].expandtabs(4))
    if len(shown) <= _SHOWN:
        return shown, offset
    start = max(0, min(offset - _BEFORE, len(shown) - _SHOWN))
    before = "… " if start else ""
    after = " …" if start + _SHOWN < len(shown) else ""
    return f"{before}{shown[start : start + _SHOWN]}{after}", offset - start + len(before)
