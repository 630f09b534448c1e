"""Documents: the formulas of a ``.tex``, ``.md`` or ``.txt`` file, with places that point into the file.

Of a ``.tex`` file all displays are read, and of the formulas in running text those that say something about a
name: ``$z \\in \\mathbb{R}^{16}$``, ``$\\beta = 4$``. Macros may be defined anywhere in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from formula2dgm.diagnostics import Diagnostic, Diagnostics, FormulaError
from formula2dgm.spans import Source, Span
from formula2dgm.syntax import tree
from formula2dgm.syntax.macros import Definitions, Macro, definitions, given_macros
from formula2dgm.syntax.reading import parse, read_range

_ENVIRONMENTS = r"(?:equation|align|gather|multline|eqnarray|displaymath|math|flalign|alignat|IEEEeqnarray|dmath)\*?"
_FORMULA = re.compile(
    rf"""
      \\begin\{{(?P<env>{_ENVIRONMENTS})\}}(?P<inside>.*?)\\end\{{(?P=env)\}}
    | \$\$(?P<dollars>.*?)\$\$
    | (?<!\\)\\\[(?P<square>.*?)(?<!\\)\\\]
    | (?<![\\$])\$(?!\$)(?P<inline>(?:[^$\\]|\\.)+?)\$
    | (?<!\\)\\\((?P<round>.*?)(?<!\\)\\\)
    | ^[ \t]*```+[ \t]*math[ \t]*\n(?P<fence>.*?)^[ \t]*```
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_VERBATIM = re.compile(
    r"\\begin\{(verbatim|lstlisting|minted|comment)\*?\}.*?\\end\{\1\*?\}|\\verb\*?(\W).*?\2", re.DOTALL
)
_MARKDOWN_CODE = re.compile(
    r"(?P<math>^[ \t]*```+[ \t]*math[ \t]*\n.*?^[ \t]*```)|^[ \t]*```.*?^[ \t]*```|`[^`\n]*`|<!--.*?-->",
    re.DOTALL | re.MULTILINE,
)
_GROUPS = ("inside", "dollars", "square", "inline", "round", "fence")
_LABEL = re.compile(r"\\label\{([^{}]*)\}")
_SAYS = frozenset({"in", "~", "=", ":=", "propto"})

Read = tuple[tuple[tree.Statement, ...], list[Diagnostic]]


class Formula(NamedTuple):
    """One formula of a document: its range, whether it stands in running text, its labels."""

    start: int
    end: int
    inline: bool
    labels: tuple[str, ...]


def read_document(path: str | Path, macros: Sequence[str] = (), labels: Sequence[str] = ()) -> Read:
    """The statements of a file and what is wrong with those that are missing.

    ``labels`` picks displays by their ``\\label``. Raises FormulaError if the file cannot be read.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise FormulaError(Diagnostic("F2D-0801", "error", f"cannot read {path}: {reason}")) from None
    return read_text(Source(text, str(path)), path.suffix, macros, labels)


def read_text(source: Source, kind: str, macros: Sequence[str] = (), labels: Sequence[str] = ()) -> Read:
    """The statements of a document's text; ``kind`` is the file's suffix.

    >>> statements, _ = read_text(Source(r"Let $z \\in \\mathbb{R}^2$ and \\[ z \\sim \\mathcal{N}(0, I). \\]"), ".tex")
    >>> [str(each) for each in statements]
    ['z in bbR^2', 'z ~ Normal(0, I)']
    """
    if kind not in (".tex", ".md", ".markdown"):
        return parse(source, macros)
    found = Diagnostics()
    statements: list[tree.Statement] = []
    formulas = list(formulas_of(source.text, markdown=kind != ".tex"))
    missing = set(labels) - {label for formula in formulas for label in formula.labels}
    for label in sorted(missing):
        found.error("F2D-0810", f"no display is labelled {label!r}", Span(source, 0, 0), _labels_hint(formulas))
    defined = definitions(source)
    given = given_macros(macros)
    found.extend(defined.diagnostics)
    for formula in formulas:
        if labels and not set(labels) & set(formula.labels):
            continue
        read, wrong = _read(source, formula, given, defined)
        statements += read
        found.extend(wrong)
    if not statements and not found.found:
        hint = r"write a display: \[ … \], \begin{equation} … \end{equation}"
        found.error("F2D-0114", "there is no formula in this document", Span(source, 0, 0), hint)
    return tuple(statements), list(found.found)


def _labels_hint(formulas: Sequence[Formula]) -> str | None:
    known = [label for formula in formulas for label in formula.labels]
    return "labels here: " + ", ".join(known[:8]) if known else None


def _read(source: Source, formula: Formula, macros: dict[str, Macro], defined: Definitions) -> Read:
    read, wrong = read_range(source, formula.start, formula.end, macros, defined, latex=True, tex=True)
    if not formula.inline:
        return read, wrong
    if wrong:
        return (), []
    return tuple(each for each in read if isinstance(each.body, tree.Chain) and each.body.relations[0] in _SAYS), []


def formulas_of(text: str, markdown: bool) -> Iterator[Formula]:
    """Where the formulas of a document are, in its order."""
    masked = _blank(text, _MARKDOWN_CODE) if markdown else _blank(_blank(text, _VERBATIM), _COMMENT)
    start, end = 0, len(text)
    if not markdown:
        begin, stop = masked.find(r"\begin{document}"), masked.find(r"\end{document}")
        start = begin if begin >= 0 else 0
        end = stop if stop >= 0 else len(text)
    for found in _FORMULA.finditer(masked, start, end):
        inside = next(name for name in _GROUPS if found[name] is not None)
        first, last = found.span(inside)
        labels = tuple(_LABEL.findall(masked, first, last))
        yield Formula(first, last, inside in ("inline", "round"), labels)


def _blank(text: str, pattern: re.Pattern[str]) -> str:
    """The text with all that matches, but mathematics, turned into spaces, so that places stay as they are."""

    def blank(found: re.Match[str]) -> str:
        kept = found.groupdict().get("math")
        return kept if kept is not None else re.sub(r"[^\n]", " ", found.group())

    return pattern.sub(blank, text)
