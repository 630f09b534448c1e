"""Documents: finding the formulas of files, and reading those that are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.documents.defined_names import names_set_apart
from formula2dgm.documents.document import Document, open_document, open_text
from formula2dgm.documents.formulas import Entry, Formula
from formula2dgm.documents.selection import advice, keep, pick, statements_of
from formula2dgm.spans import Source
from formula2dgm.syntax import tree

__all__ = [
    "Document",
    "Entry",
    "Formula",
    "advice",
    "keep",
    "names_set_apart",
    "open_document",
    "open_text",
    "pick",
    "read_document",
    "read_text",
    "statements_of",
]

Read = tuple[tuple[tree.Statement, ...], list[Diagnostic]]


def read_document(path: str | Path, macros: Sequence[str] = (), labels: Sequence[str] = ()) -> Read:
    """The statements of a file and what is wrong with those that are missing.

    ``labels`` picks displays by their ``\\label``. Raises FormulaError if the file cannot be read.
    """
    return _read(open_document(Path(path), macros), labels)


def read_text(source: Source, kind: str, macros: Sequence[str] = (), labels: Sequence[str] = ()) -> Read:
    """The statements of a document's text; ``kind`` is the file's suffix.

    >>> statements, _ = read_text(Source(r"Let $z \\in \\mathbb{R}^2$ and \\[ z \\sim \\mathcal{N}(0, I). \\]"), ".tex")
    >>> [str(each) for each in statements]
    ['z in bbR^2', 'z ~ Normal(0, I)']
    """
    return _read(open_text(source, kind, macros), labels)


def _read(document: Document, labels: Sequence[str]) -> Read:
    documents, unknown = pick([document], labels)
    entries, wrong = statements_of(documents)
    return tuple(each for entry in entries for each in entry.statements), [*unknown, *wrong]
