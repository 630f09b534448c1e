r"""``--macros FILE``: the macros that a site or a house style keeps in a file of its own.

Read are LaTeX definitions, wherever they stand in the file (``.tex``, ``.sty``, an HTML page), and the ``macros`` of a
MathJax or KaTeX configuration: ``RR: "\\mathbb{R}"``, ``norm: ["\\|#1\\|", 1]``, ``"\\E": "\\mathbb{E}_{#1}"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.spans import Source
from formula2dgm.syntax.macros.definitions import definitions

_CONFIGURED = re.compile(r"""["']?\b[Mm]acros["']?\s*:\s*\{""")
_STRING = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
_ENTRY = re.compile(
    rf"""(?P<name>[A-Za-z]+|{_STRING})\s*:\s*
         (?:(?P<body>{_STRING})|\[\s*(?P<given>{_STRING})\s*,\s*(?P<count>\d)\s*(?:,\s*(?P<first>{_STRING})\s*)?\])
         \s*(?:,|(?=\}})|(?://[^\n]*)?\s*)""",
    re.VERBOSE,
)
_BETWEEN = re.compile(r"(?:\s|//[^\n]*|/\*[\s\S]*?\*/)*")


def macro_texts(paths: Sequence[str]) -> list[str]:
    """The definitions of each file, as LaTeX writes them."""
    return [_of_file(Path(each)) for each in paths]


def _of_file(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise _refusal("F2D-0801", f"{path} is not UTF-8 text") from None
    except OSError as error:
        reason = f"{path} is a folder" if path.is_dir() else f"cannot read {path}: {error.strerror}"
        raise _refusal("F2D-0801", reason if path.exists() else f"there is no file {path}") from None
    configured = "\n".join(_configured(text))
    written = definitions(Source(text, str(path)))
    if not configured and not written.places:
        hint = r"it holds definitions, \newcommand{\name}[1]{body}, or the macros of a MathJax or KaTeX configuration"
        raise _refusal("F2D-0117", f"{path} defines no macro", hint)
    return "\n".join([*(text[start:end] for start, end in written.places), configured])


def _configured(text: str) -> Iterator[str]:
    r"""The entries of each ``macros: {...}`` as ``\newcommand``."""
    for found in _CONFIGURED.finditer(text):
        position = _past_space(text, found.end())
        while (entry := _ENTRY.match(text, position)) is not None:
            name = _unquoted(entry["name"]).lstrip("\\")
            body = _unquoted(entry["body"] or entry["given"])
            used = [int(each) for each in re.findall(r"#(\d)", body)]
            count = int(entry["count"]) if entry["count"] else max(used, default=0)
            default = f"[{_unquoted(entry['first'])}]" if entry["first"] else ""
            yield rf"\newcommand{{\{name}}}" + (f"[{count}]{default}" if count else "") + f"{{{body}}}"
            position = _past_space(text, entry.end())


def _past_space(text: str, position: int) -> int:
    found = _BETWEEN.match(text, position)
    return found.end() if found is not None else position


def _unquoted(text: str) -> str:
    r"""A name, or what a quoted string says: ``"\\mathbb{R}"`` is ``\mathbb{R}``."""
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[0] in "\"'" else text


def _refusal(code: str, message: str, hint: str | None = None) -> FormulaError:
    return FormulaError(Diagnostic(code, "error", message, None, hint))
