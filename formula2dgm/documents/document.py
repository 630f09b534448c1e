"""Documents: the formulas of a ``.tex``, Markdown, notebook or text file, with places that point into the files.

Of a document all displays are read, and of the formulas in running text those that say something about a name:
``$z \\in \\mathbb{R}^{16}$``, ``$\\beta = 4$``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.documents.blanking import blank, without_comments
from formula2dgm.documents.blocks import Blocks, blocks_of
from formula2dgm.documents.continuing import Event, runs
from formula2dgm.documents.files import Folder
from formula2dgm.documents.finding import Finder
from formula2dgm.documents.formulas import CELL, Entry, Formula
from formula2dgm.documents.markdown import MarkdownFinder
from formula2dgm.documents.notation import Defined, defined_in, first_definitions, relational
from formula2dgm.documents.notebook import cells_of
from formula2dgm.documents.pieces import Assembler, File, file_of, unfollowed
from formula2dgm.documents.reading import is_empty, may_say, read_plain, understood
from formula2dgm.documents.settings import without_cases
from formula2dgm.documents.shortcuts import Shortcut, Shortcuts, find_shortcuts, new_environments
from formula2dgm.records import dataclass
from formula2dgm.spans import Source, Span
from formula2dgm.syntax.macros.definitions import given_macros
from formula2dgm.syntax.macros.macro import Macro

TEX = frozenset({".tex", ".latex", ".ltx"})
MARKDOWN = frozenset({".md", ".markdown", ".qmd", ".rmd"})
NOTEBOOKS = frozenset({".ipynb"})
#: What a TeX document has and a formula has not.
_DOCUMENT = re.compile(r"\\documentclass|\\begin\{document\}")


@dataclass(frozen=True, slots=True)
class Document:
    """What a document holds.

    entries      its displays, and the formulas of its text that say something about a name, in its order
    passed_over  how many other formulas its text holds
    diagnostics  what is wrong with its files and definitions
    is_text      it is one text of the plain language, in which everything is formula
    """

    name: str
    entries: tuple[Entry, ...]
    passed_over: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    is_text: bool = False

    @property
    def labels(self) -> list[str]:
        """The labels of its displays, in its order."""
        return list(dict.fromkeys(label.name for each in self.entries for label in each.formula.labels))


def open_document(path: Path, macros: Sequence[str] = (), names: frozenset[str] = frozenset()) -> Document:
    """The document that a file is, with all that it includes. Raises FormulaError if the file cannot be read.

    ``names`` are runs of letters that are names wherever they stand.
    """
    folder = Folder(path)
    source = folder.main(path)
    if not _is_tex(source, path.suffix.lower()):
        return open_text(source, path.suffix, macros, names)
    assembler = Assembler(folder)
    file = file_of(source)
    try:
        assembler.assemble(file, path.resolve())
    except FormulaError as error:
        return Document(source.name, (), 0, error.diagnostics)
    return _Reader([file], macros, names, assembler.diagnostics).document(source)


def open_text(source: Source, kind: str, macros: Sequence[str] = (), names: frozenset[str] = frozenset()) -> Document:
    """The document that a text is; ``kind`` is the suffix of its file. Other files are not looked for."""
    suffix = kind.lower()
    if _is_tex(source, suffix):
        file = file_of(source)
        return _Reader([file], macros, names, unfollowed(file)).document(source)
    if suffix in MARKDOWN or suffix in NOTEBOOKS:
        try:
            cells = cells_of(source) if suffix in NOTEBOOKS else [source]
        except FormulaError as error:
            return Document(source.name, (), 0, error.diagnostics)
        return _Reader([_Cell.of(each) for each in cells], macros, names).document(source)
    whole = Formula(source, 0, without_comments(source.text), 0, len(source.text), "text")
    return Document(source.name, (read_plain(whole, macros, names),), is_text=True)


def _is_tex(source: Source, suffix: str) -> bool:
    """Whether a text is TeX: by its file's suffix, or by what it says where that says nothing."""
    return suffix in TEX or (suffix not in MARKDOWN | NOTEBOOKS and _DOCUMENT.search(source.text) is not None)


class _Cell(File):
    """A Markdown text."""

    blocks: Blocks

    @classmethod
    def of(cls, source: Source) -> _Cell:
        blocks = blocks_of(source.text)
        cell = cls(source, blocks.text, 0, len(source.text))
        cell.blocks = blocks
        return cell


class _Reader:
    """Reads the formulas of files that share their macros."""

    def __init__(
        self, files: Sequence[File], macros: Sequence[str], names: frozenset[str], wrong: Iterable[Diagnostic] = ()
    ):
        self.files = files
        self.names = names
        self.given = given_macros(macros)
        self.wrong = list(wrong)
        self.last: dict[str, Macro] = {}
        self.defined: dict[int, list[Defined]] = {}
        self.formulas: dict[int, list[Formula]] = {}

    def document(self, source: Source) -> Document:
        environments: dict[str, Shortcut] = {}
        everything = list(_all_files(self.files))
        for file in everything:
            self._definitions(file, environments)
        macros = first_definitions(each for file in everything for each in self.defined[id(file)])
        shortcuts = find_shortcuts({**macros, **self.given}, environments)
        for file in everything:
            self._find(file, shortcuts)
        return self._read(source, macros)

    def _definitions(self, file: File, environments: dict[str, Shortcut]) -> None:
        """Note a file's definitions, and blank them: what stands in them is no formula of the text."""
        new = new_environments(file.text)
        self.defined[id(file)] = defined_in(file.text, self.last)
        file.text = blank(file.text, ((each.start, each.end) for each in self.defined[id(file)]))
        file.text = blank(file.text, ((start, end) for start, end, _, _ in new))
        environments.update((name, shortcut) for _, _, name, shortcut in new)

    def _find(self, file: File, shortcuts: Shortcuts) -> None:
        finder = (
            MarkdownFinder(file.source, file.blocks, file.text, shortcuts)
            if isinstance(file, _Cell)
            else Finder(file.source, file.text, shortcuts)
        )
        self.formulas[id(file)] = finder.find(file.start, file.end)
        self.wrong += finder.diagnostics

    def _read(self, source: Source, macros: dict[str, Macro]) -> Document:
        holding = {**macros, **self.given}
        relations = relational(holding)
        found: list[Entry] = []
        seen = 0
        for event in runs(_events(self.files, self.defined, self.formulas)):
            if isinstance(event, Defined):
                holding.update((name, each) for name, each in event.macros.items() if name not in self.given)
                continue
            formulas = tuple(each for each in event if each.inline or not is_empty(each))
            entries = understood(formulas, holding, self.names) if may_say(formulas, relations) else []
            found += entries
            seen += len(entries) or len(formulas)
        entries = without_cases(_without_cells(found))
        wrong = list(self.wrong)
        if not entries and not any(each.severity == "error" for each in wrong):
            markdown = any(isinstance(each, _Cell) for each in self.files)
            forms = "$$ … $$, a math fence" if markdown else r"\[ … \], \begin{equation} … \end{equation}"
            hint = f"write a display: {forms}"
            wrong.append(
                Diagnostic("F2D-0114", "error", "there is no formula in this document", Span(source, 0, 0), hint)
            )
        return Document(source.name, tuple(entries), seen - len(entries), tuple(wrong))


def _without_cells(entries: Sequence[Entry]) -> list[Entry]:
    """The entries; cells of a table count where nothing else is displayed, as on a sheet that is one table."""
    shown = any(not each.formula.inline and each.formula.environment != CELL for each in entries)
    return [each for each in entries if not (shown and each.formula.environment == CELL)]


def _all_files(files: Iterable[File]) -> Iterator[File]:
    for file in files:
        yield file
        yield from _all_files(included for _, included in file.included)


def _events(
    files: Iterable[File], defined: dict[int, list[Defined]], formulas: dict[int, list[Formula]]
) -> Iterator[Event]:
    """Definitions and formulas in the order in which TeX comes by them."""
    for file in files:
        own: list[tuple[int, Event | File]] = [(each.start, each) for each in defined[id(file)]]
        own += [(each.start, each) for each in formulas[id(file)]]
        own += file.included
        for _, each in sorted(own, key=lambda pair: pair[0]):
            if isinstance(each, File):
                yield from _events([each], defined, formulas)
            else:
                yield each
