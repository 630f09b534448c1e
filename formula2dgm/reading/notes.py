"""What the reading decided for the author: each decision that the text did not force, with its place."""

from __future__ import annotations

from dataclasses import field

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.records import dataclass
from formula2dgm.spans import Span


@dataclass(frozen=True, slots=True)
class Note:
    """One decision, as a sentence."""

    text: str
    span: Span


@dataclass(slots=True)
class Notes:
    """Collects decisions, each once, and the errors where nothing decides."""

    found: list[Note] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)

    def add(self, text: str, span: Span) -> None:
        if all(each.text != text for each in self.found):
            self.found.append(Note(text, span))
