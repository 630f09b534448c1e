"""The stages in order: text -> statements -> program -> passes -> module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

from formula2dgm.collector import waiting
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.documents import Document, advice, keep, names_set_apart, open_document, open_text, pick, statements_of
from formula2dgm.ir.program import Program
from formula2dgm.lint.lint import kept, lint
from formula2dgm.mistakes import owned
from formula2dgm.reading import Note, needed, understand
from formula2dgm.records import dataclass
from formula2dgm.resolve import DEFAULTS, NO_BINDINGS, Bindings, Options, resolve, resolve_distribution
from formula2dgm.spans import Source
from formula2dgm.syntax import tree

#: Codes of what stands in a document's own text, among those of files and flags.
OF_TEXTS = frozenset({"F2D-0813", "F2D-0815"})

#: How long a text may be that is kept with what was read of it.
KEPT = 2_000

Text = str | Path | Source | Sequence["str | Path | Source"]


@dataclass(frozen=True, slots=True)
class Read:
    """What reading found: the statements of one model, the documents they stand in, and what is to be said of them."""

    statements: tuple[tree.Statement, ...]
    diagnostics: tuple[Diagnostic, ...]
    documents: tuple[Document, ...] = ()
    advice: Diagnostic | None = None
    notes: tuple[Note, ...] = ()

    def raise_errors(self) -> Read:
        errors = [each for each in self.diagnostics if each.severity == "error"]
        if errors:
            raise FormulaError(self.advised(errors))
        return self

    def advised(self, errors: Sequence[Diagnostic]) -> list[Diagnostic]:
        """Errors of the formulas, and how to choose among several; the call's own errors are left as they are."""
        about_formulas = any(each.severity == "error" and not is_about_the_call(each) for each in errors)
        return [*errors, self.advice] if self.advice is not None and about_formulas else list(errors)


def read(text: Text, macros: Sequence[str] = (), labels: Sequence[str] = ()) -> Read:
    """Read a formula, a list of statements, or a document (``.tex``, ``.md``, ``.ipynb``, ``.txt``) as one model.

    ``labels`` picks the displays of a document by their ``\\label``.
    """
    with owned(), waiting():
        if type(text) is str and len(text) <= KEPT and not macros and not labels:
            return _read_text(text)
        return read_of(opened(text, macros), labels)


@lru_cache(maxsize=64)
def _read_text(text: str) -> Read:
    """A text by itself: the same formula is compiled again and again, for other networks and other options."""
    return read_of(opened(text))


def read_of(documents: Sequence[Document], labels: Sequence[str] = ()) -> Read:
    """The same of documents that are open."""
    written = written_of(documents, labels)
    found = understand(written.statements)
    diagnostics = (*written.diagnostics, *found.errors)
    notes = (*written.notes, *found.notes)
    return replace(written, statements=found.statements, diagnostics=diagnostics, notes=notes)


def as_written(text: Text, macros: Sequence[str] = (), labels: Sequence[str] = ()) -> Read:
    """The same before anything is decided that the syntax leaves open."""
    return written_of(opened(text, macros), labels)


def written_of(whole: Sequence[Document], labels: Sequence[str]) -> Read:
    """What the labels pick of documents, as it is written."""
    documents, unknown, notes = chosen(whole, labels)
    entries, wrong = statements_of(documents)
    statements = tuple(each for entry in entries for each in entry.statements)
    return Read(statements, (*unknown, *wrong), tuple(documents), advice(documents, labels), tuple(notes))


def chosen(documents: Sequence[Document], labels: Sequence[str]) -> tuple[list[Document], list[Diagnostic], list[Note]]:
    """The documents with what the labels pick and the definitions that it needs; the labels that name nothing; a note
    on each definition that no label names."""
    picked, unknown = pick(documents, labels)
    if not labels or unknown:
        return picked, unknown, []
    statements = [each for document in documents for entry in document.entries for each in entry.statements]
    own = {id(each) for document in picked for entry in document.entries for each in entry.statements}
    places = [place for place, each in enumerate(statements) if id(each) in own]
    more = [statements[place] for place in needed(statements, places)]
    return keep(documents, picked, {id(each) for each in more}), [], [Note(_taken(each), each.span) for each in more]


def read_beside(text: Text, known: Sequence[str], macros: Sequence[str] = (), labels: Sequence[str] = ()) -> Read:
    """The same as :func:`read`, with those of other statements that define what the text needs and does not define."""
    if not known:
        return read(text, macros, labels)
    with owned():
        own, other = as_written(text, macros, labels), as_written(known)
        statements = (*own.statements, *other.statements)
        more = needed(statements, range(len(own.statements)))
        if not more:
            return read(text, macros, labels)
        found = understand([*own.statements, *(statements[place] for place in more)])
        diagnostics, notes = (*own.diagnostics, *found.errors), (*own.notes, *found.notes)
        return replace(own, statements=found.statements, diagnostics=diagnostics, notes=notes)


def _taken(definition: tree.Statement) -> str:
    source = definition.span.source
    return f"{definition}, as {Path(source.name).name}:{source.position(definition.span.start)[0]} says"


def understood(documents: Sequence[Document]) -> tuple[list[Document], tuple[Diagnostic, ...]]:
    """The documents with each statement as it was understood beside the others, and what cannot be understood."""
    entries = [entry for document in documents for entry in document.entries]
    found = understand([each for entry in entries for each in entry.statements])
    statements = iter(found.statements)
    changed = [
        replace(
            document,
            entries=tuple(
                replace(entry, statements=tuple(islice(statements, len(entry.statements))))
                for entry in document.entries
            ),
        )
        for document in documents
    ]
    return changed, found.errors


def opened(text: Text, macros: Sequence[str] = ()) -> list[Document]:
    """The documents that a text or a list of them is."""
    pieces = [text] if isinstance(text, str | Path | Source) else list(text)
    found = _opened(pieces, macros, frozenset())
    names = names_set_apart(found)
    return _opened(pieces, macros, names) if names else found


def _opened(pieces: Sequence[str | Path | Source], macros: Sequence[str], names: frozenset[str]) -> list[Document]:
    """The documents; ``names``: runs of letters that are names wherever they stand."""
    found: list[Document] = []
    for number, piece in enumerate(pieces):
        if isinstance(piece, Path):
            found.append(open_document(_existing(piece), macros, names))
        else:
            name = "<formula>" if len(pieces) == 1 else f"<statement {number + 1}>"
            source = Source(piece, name) if isinstance(piece, str) else piece
            found.append(open_text(source, Path(source.name).suffix, macros, names))
    return found


def _existing(path: Path) -> Path:
    try:
        if path.is_file():
            return path
        reason = f"{path} is a folder" if path.is_dir() else f"there is no file {path}"
    except OSError as error:
        reason = f"cannot read {path}: {error.strerror}"
    raise FormulaError(Diagnostic("F2D-0801", "error", reason))


def is_about_the_call(found: Diagnostic) -> bool:
    """Whether a finding is about bindings, options, files or flags, and not about what the formula says."""
    return found.code.startswith(("F2D-07", "F2D-08")) and found.code not in OF_TEXTS


def analyse(
    text: Text,
    bindings: Bindings = NO_BINDINGS,
    options: Options = DEFAULTS,
    macros: Sequence[str] = (),
    labels: Sequence[str] = (),
    known: Sequence[str] = (),
) -> Program:
    """The resolved program of a text. Raises :class:`FormulaError` with all errors of the first stage that has any.

    ``known`` are statements of another formula, of which those hold here too that the text needs.
    """
    return resolved(read_beside(text, known, macros, labels), bindings, options)


def analyse_distribution(
    text: Text,
    bindings: Bindings = NO_BINDINGS,
    options: Options = DEFAULTS,
    macros: Sequence[str] = (),
    labels: Sequence[str] = (),
    known: Sequence[str] = (),
) -> Program:
    """The resolved program of a distribution: a product of densities, and what can be asked of it."""
    return resolved(read_beside(text, known, macros, labels), bindings, options, resolve_distribution)


def resolved(found: Read, bindings: Bindings, options: Options, resolver: Callable[..., Program] = resolve) -> Program:
    """The program of what was read. Raises :class:`FormulaError` with all errors of the first stage that has any."""
    found.raise_errors()
    with owned(), waiting():
        try:
            program = resolver(found.statements, bindings, options, found.notes)
        except FormulaError as error:
            raise FormulaError(found.advised(error.diagnostics)) from None
    return replace(program, diagnostics=(*found.diagnostics, *program.diagnostics))


def check(
    text: Text,
    bindings: Bindings = NO_BINDINGS,
    options: Options = DEFAULTS,
    macros: Sequence[str] = (),
    labels: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> list[Diagnostic]:
    """Every error, warning and note of a text, without computing anything; ``ignore``: codes that are not wanted."""
    try:
        found = read(text, macros, labels)
    except FormulaError as error:
        return list(error.diagnostics)
    if any(each.severity == "error" for each in found.diagnostics):
        return found.advised(found.diagnostics)
    try:
        with owned(), waiting():
            program = resolve(found.statements, bindings, options, found.notes)
            linted = lint(found.statements, program)
    except FormulaError as error:
        return [*found.diagnostics, *found.advised(error.diagnostics)]
    return kept([*found.diagnostics, *program.diagnostics, *linted], ignore)
