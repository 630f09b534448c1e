"""The objectives of a document, each by itself with the definitions that it needs: what a paper holds that trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm import driver
from formula2dgm.bindings import Bindings
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.documents import Document, Entry
from formula2dgm.ir.program import Program
from formula2dgm.records import dataclass
from formula2dgm.report.kinds import kinds_of
from formula2dgm.resolve import DEFAULTS, NO_BINDINGS, Options
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Apart:
    """One objective of a document.

    number     what ``labels`` picks it by: the number of its display, ``7``, or of a statement in it, ``7.2``
    program    what it means with the definitions it needs; None if it is refused
    errors     why it is refused
    """

    number: str
    entry: Entry
    statement: tree.Statement
    program: Program | None
    errors: tuple[Diagnostic, ...] = ()


def objectives_apart(
    text: driver.Text,
    bindings: Bindings = NO_BINDINGS,
    options: Options = DEFAULTS,
    macros: Sequence[str] = (),
) -> list[Apart]:
    """Each objective that the displays of a document hold, in its order, resolved or refused on its own."""
    documents = driver.opened(text, macros)
    return [_apart(documents, *each, bindings, options) for each in _objectives(documents)]


def _objectives(documents: Sequence[Document]) -> Iterator[tuple[str, Entry, tree.Statement]]:
    """The displays' statements that are objectives, each with its number."""
    understood, _ = driver.understood(documents)
    entries = [each for document in understood for each in document.entries]
    kinds = iter(kinds_of([each for entry in entries for each in entry.statements]))
    for number, entry in enumerate(entries, 1):
        named = [(place, each) for place, each in enumerate(entry.statements, 1) if next(kinds) == "objective"]
        if not entry.formula.inline:
            for place, each in named:
                yield str(number) if len(entry.statements) == 1 else f"{number}.{place}", entry, each


def _apart(
    documents: Sequence[Document],
    number: str,
    entry: Entry,
    statement: tree.Statement,
    bindings: Bindings,
    options: Options,
) -> Apart:
    try:
        program = driver.resolved(driver.read_of(documents, [number]), bindings, options)
    except FormulaError as error:
        return Apart(number, entry, statement, None, error.diagnostics)
    return Apart(number, entry, statement, program)
