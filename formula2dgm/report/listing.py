"""What a document holds and how each of its displays was understood, as text and as data."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.documents import Document, Entry
from formula2dgm.report.kinds import Kind, kinds_of
from formula2dgm.spans import Source, Span

_WIDTH = 110
_COLUMN = 16


def listing_data(documents: Sequence[Document], unknown: Sequence[Diagnostic] = ()) -> dict[str, Any]:
    """The displays of documents as plain data."""
    kinds = _kinds(documents)
    displays: list[dict[str, Any]] = []
    for entry in _entries(documents):
        of_this = [next(kinds) for _ in entry.statements]
        displays.append(
            {
                "source": entry.formula.source.name,
                "range": _range(entry.formula.span),
                "environment": entry.formula.environment,
                "inline": entry.formula.inline,
                "labels": [each.name for each in entry.formula.labels],
                "statements": [
                    {"kind": kind, "ascii": str(each), "latex": each.latex(), "range": _range(each.span)}
                    for kind, each in zip(of_this, entry.statements, strict=True)
                ],
                "diagnostics": [each.to_json() for each in entry.diagnostics],
            }
        )
    others = [*unknown, *(each for document in documents for each in document.diagnostics)]
    return {
        "displays": displays,
        "passed_over": sum(each.passed_over for each in documents),
        "diagnostics": [each.to_json() for each in others],
    }


def listing_text(documents: Sequence[Document], unknown: Sequence[Diagnostic] = ()) -> str:
    """The displays of documents for a reader: place, environment, labels; then a line for each statement or error."""
    kinds = _kinds(documents)
    entries = _entries(documents)
    places = [_place(each.formula.span) for each in entries]
    room = min(max(map(len, places), default=0), 48)
    digits = len(str(len(entries)))
    out: list[str] = []
    for number, (entry, place) in enumerate(zip(entries, places, strict=True), 1):
        labels = ", ".join(each.name for each in entry.formula.labels)
        head = f"{number:>{digits}}  {place:<{room}}  {entry.formula.environment:<{_COLUMN - 2}}  {labels}"
        out.append(head.rstrip())
        for each in entry.statements:
            out += _block(next(kinds), str(each), digits + 4)
        for wrong in entry.diagnostics:
            out += _block(_code(wrong), said(wrong, entry.formula.source), digits + 4)
    for wrong in [*unknown, *(each for document in documents for each in document.diagnostics)]:
        out += _block(_code(wrong), said(wrong), 0)
    return "\n".join([*out, "", _summary(documents)] if out else [_summary(documents)])


def _entries(documents: Sequence[Document]) -> list[Entry]:
    return [entry for document in documents for entry in document.entries]


def _kinds(documents: Sequence[Document]) -> Iterator[Kind]:
    return iter(kinds_of([each for entry in _entries(documents) for each in entry.statements]))


def _block(word: str, text: str, indent: int) -> list[str]:
    """A word in its column, and a text beside it that is as many lines as it needs."""
    margin = " " * (indent + _COLUMN)
    first, *more = [part for line in text.split("\n") for part in _wrapped(line, _WIDTH - len(margin))]
    gap = " " if len(word) >= _COLUMN else ""
    return [f"{' ' * indent}{word:<{_COLUMN}}{gap}{first}", *(f"{margin}{each}" for each in more)]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    ) or [""]


def _code(wrong: Diagnostic) -> str:
    return wrong.code if wrong.severity == "error" else f"({wrong.code})"


def said(wrong: Diagnostic, near: Source | None = None) -> str:
    """A finding in its message, its place, its hint; ``near`` is the file that needs no name."""
    place = ""
    if wrong.span is not None:
        line, column = wrong.span.source.position(wrong.span.start)
        place = f", at {'line ' if wrong.span.source is near else wrong.span.source.name + ':'}{line}:{column}"
    return f"{wrong.message}{place}" + (f"\nhelp: {wrong.hint}" if wrong.hint else "")


def _place(span: Span) -> str:
    return f"{span.source.name}:{span.source.position(span.start)[0]}"


def _range(span: Span) -> dict[str, object]:
    return {
        "start": span.start,
        "end": span.end,
        "from": span.source.position(span.start),
        "to": span.source.position(span.end),
    }


def _summary(documents: Sequence[Document]) -> str:
    entries = _entries(documents)
    displays = [each for each in entries if not each.formula.inline]
    failed = sum(each.failed for each in entries)
    passed = sum(each.passed_over for each in documents)
    parts = [_count(len(displays), "display") + (f" ({failed} with errors)" if failed else "")]
    inline = len(entries) - len(displays)
    if inline or passed:
        parts.append(f"{_count(inline, 'formula')} of the text taken, {passed} passed over")
    return "; ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
