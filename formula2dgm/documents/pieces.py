"""A document's text, piece by piece: files, and the files they include, in the order in which they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.documents.blanking import blank
from formula2dgm.documents.files import Folder
from formula2dgm.documents.inactive import active
from formula2dgm.records import dataclass
from formula2dgm.spans import Source, Span

MAX_DEPTH = 20
_INCLUDE = re.compile(
    r"\\(?P<how>input|include|subfile|subfileinclude|InputIfFileExists)\s*\{(?P<name>[^{}]*)\}"
    r"|\\(?P<from>import|subimport|includefrom|subincludefrom|inputfrom|subinputfrom)\*?"
    r"\s*\{(?P<folder>[^{}]*)\}\s*\{(?P<file>[^{}]*)\}"
    r"|\\input[ \t]+(?P<bare>[^\s{}%\\]+)"
    r"|\\(?:usepackage|RequirePackage)\s*(?:\[[^\]]*\])?\s*\{(?P<packages>[^{}]*)\}"
    r"|\\(?:documentclass|LoadClass)\s*(?:\[[^\]]*\])?\s*\{(?P<class>[^{}]*)\}"
)


@dataclass(slots=True)
class File:
    """One file: its source, its active text, the range that is typeset, and what it includes at which place."""

    source: Source
    text: str
    start: int
    end: int
    included: list[tuple[int, File]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Request:
    """A file that a text asks for; ``style``: a package or class, of which only the macros are read."""

    name: str
    place: tuple[int, int]
    suffixes: tuple[str, ...]
    folder: str = ""
    style: bool = False
    optional: bool = False


def file_of(source: Source, style: bool = False) -> File:
    """A TeX text with nothing included yet."""
    text = active(source.text)
    begin, stop = text.find("\\begin{document}"), text.find("\\end{document}")
    start = begin if begin >= 0 else 0
    end = stop if stop >= start else len(text)
    return File(source, text, end if style else start, end)


def requests(text: str) -> Iterator[Request]:
    """The files that a text asks for."""
    for found in _INCLUDE.finditer(text):
        place = found.span()
        if found["packages"] is not None:
            for each in found["packages"].split(","):
                yield Request(each.strip(), place, (".sty",), style=True, optional=True)
        elif found["class"] is not None:
            yield Request(found["class"].strip(), place, (".cls",), style=True, optional=True)
        elif found["from"] is not None:
            yield Request(found["file"].strip(), place, (".tex", ""), found["folder"].strip())
        else:
            name = (found["name"] or found["bare"] or "").strip().strip('"')
            yield Request(name, place, (".tex", ""), optional=found["how"] == "InputIfFileExists")


def unfollowed(file: File) -> list[Diagnostic]:
    """Warnings for the files that a text without a folder asks for."""
    hint = "give the name of its file instead of its text"
    return [
        Diagnostic(
            "F2D-0811",
            "warning",
            f"{each.name} is not read: this text has no folder",
            Span(file.source, *each.place),
            hint,
        )
        for each in requests(file.text)
        if each.place[0] < file.end and not each.optional
    ]


class Assembler:
    """Reads what a document includes, each file once."""

    def __init__(self, folder: Folder):
        self.folder = folder
        self.diagnostics: list[Diagnostic] = []
        self.read: set[Path] = set()

    def assemble(self, file: File, path: Path, bases: Sequence[Path] = (), open_files: tuple[Path, ...] = ()) -> File:
        """The file with all that it includes; ``open_files`` are those that include it."""
        self.read.add(path)
        asked = [each for each in requests(file.text) if each.place[0] < file.end and "#" not in each.name]
        file.text = blank(file.text, dict.fromkeys(each.place for each in asked))
        for each in asked:
            span = Span(file.source, *each.place)
            try:
                found = self._included(each, span, path, bases, (*open_files, path), file)
            except FormulaError as error:
                self.diagnostics += error.diagnostics
                if error.diagnostics[0].code == "F2D-0814":
                    raise
                continue
            if found is not None:
                file.included.append((each.place[0], found))
        return file

    def _included(
        self,
        asked: Request,
        span: Span,
        path: Path,
        bases: Sequence[Path],
        open_files: tuple[Path, ...],
        file: File,
    ) -> File | None:
        root = self.folder.root
        base = [root / asked.folder, path.parent / asked.folder] if asked.folder else []
        near = list(dict.fromkeys([*base, *bases, root, path.parent]))
        found = self.folder.find(asked.name, near, asked.suffixes, span)
        if isinstance(found, Diagnostic):
            if not asked.optional or found.code == "F2D-0812":
                self.diagnostics.append(found)
            return None
        if found in open_files:
            message = f"{asked.name} includes itself"
            raise FormulaError(Diagnostic("F2D-0813", "error", message, span, "take one of the two away"))
        if found in self.read:
            return None
        if len(open_files) >= MAX_DEPTH:
            message = f"files include each other more than {MAX_DEPTH} deep"
            raise FormulaError(Diagnostic("F2D-0813", "error", message, span, "include it from the main file"))
        in_preamble = file.start > asked.place[0]
        included = file_of(self.folder.read(found, span), asked.style or in_preamble)
        return self.assemble(included, found, [*base, *bases], open_files)
