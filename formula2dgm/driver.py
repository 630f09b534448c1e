"""The stages in order: text -> statements -> program -> passes -> module."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir.program import Program
from formula2dgm.resolve import DEFAULTS, NO_BINDINGS, Bindings, Options, resolve
from formula2dgm.spans import Source
from formula2dgm.syntax import parse, read_document, read_text, tree

#: What a LaTeX document has and a formula has not.
DOCUMENT = re.compile(r"\\documentclass|\\begin\{document\}")

Text = str | Path | Source | Sequence["str | Path | Source"]


@dataclass(frozen=True, slots=True)
class Read:
    """What reading found: the statements of one model, and everything there is to say about the text."""

    statements: tuple[tree.Statement, ...]
    diagnostics: tuple[Diagnostic, ...]

    def raise_errors(self) -> Read:
        errors = [each for each in self.diagnostics if each.severity == "error"]
        if errors:
            raise FormulaError(errors)
        return self


def read(text: Text, macros: Sequence[str] = (), labels: Sequence[str] = ()) -> Read:
    """Read a formula, a list of statements, or a document (``.tex``, ``.md``, ``.txt``) as one model.

    ``labels`` picks the displays of a document by their ``\\label``.
    """
    pieces = [text] if isinstance(text, str | Path | Source) else list(text)
    statements: list[tree.Statement] = []
    found: list[Diagnostic] = []
    for number, piece in enumerate(pieces):
        if isinstance(piece, Path):
            more, problems = read_document(_existing(piece), macros, labels)
        else:
            name = "<formula>" if len(pieces) == 1 else f"<statement {number + 1}>"
            source = Source(piece, name) if isinstance(piece, str) else piece
            if DOCUMENT.search(source.text):
                more, problems = read_text(source, ".tex", macros, labels)
            else:
                more, problems = parse(source, macros)
        statements += more
        found += problems
    return Read(tuple(statements), tuple(found))


def _existing(path: Path) -> Path:
    if not path.is_file():
        reason = f"{path} is a folder" if path.is_dir() else f"there is no file {path}"
        raise FormulaError(Diagnostic("F2D-0801", "error", reason))
    return path


def analyse(
    text: Text,
    bindings: Bindings = NO_BINDINGS,
    options: Options = DEFAULTS,
    macros: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> Program:
    """The resolved program of a text. Raises :class:`FormulaError` with all errors of the first stage that has any."""
    return resolve(read(text, macros, labels).raise_errors().statements, bindings, options)


def check(
    text: Text,
    bindings: Bindings = NO_BINDINGS,
    options: Options = DEFAULTS,
    macros: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> list[Diagnostic]:
    """Every error and warning of a text, without computing anything."""
    try:
        found = read(text, macros, labels)
        if any(each.severity == "error" for each in found.diagnostics):
            return list(found.diagnostics)
        program = resolve(found.statements, bindings, options)
    except FormulaError as error:
        return list(error.diagnostics)
    return [*found.diagnostics, *program.diagnostics]
