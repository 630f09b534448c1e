"""Writes the tables of docs/pitfalls.md from tests/pitfalls/rows.toml and defects.toml. Run by ``make pitfalls``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).parent / "pitfalls.md"
BEGIN, END = "<!-- {}: python docs/index_pitfalls.py -->", "<!-- end of {} -->"
THREAD = re.compile(r"(?<![\w.-])([\w.-]+/[\w.-]+)#(\d+)")


def complaints() -> str:
    """The table of complaints: the mistake and what is said of it, the right formula and a line of its code."""
    from tests.pitfalls.rows import rows

    lines = [
        "| complaint | with the mistake, and what is said | as it is meant, and what is generated |",
        "|---|---|---|",
    ]
    for row in rows():
        slips = [f"{_code(each.formula)} {_answer(each.code, each.note)}" for each in row.slips]
        said = "<br>".join([*slips, *([row.note] if row.note else [])])
        right = f"{_code(row.right)}<br>{_code(row.line)}<br>{_test(row.shown)}"
        lines.append(f"| {row.pain} ({THREAD.sub(_link, row.threads)}) | {said} | {right} |")
    return "\n".join(lines)


def faults() -> str:
    """The table of defects of another library."""
    from tests.pitfalls.rows import defects

    lines = ["| there | here | shown by |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {each.what} | {each.here} | {_test(each.shown)} |" for each in defects())])


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _answer(code: str, note: str) -> str:
    return f"→ [{code}](errors/{code}.md)" if code else f"→ nothing: {note}"


def _link(found: re.Match[str]) -> str:
    return f"[{found[0]}](https://github.com/{found[1]}/issues/{found[2]})"


def _test(shown: str) -> str:
    path, name = shown.split("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../tests/{path})"


def page(text: str) -> str:
    """The page with its tables written anew."""
    for name, table in (("complaints", complaints()), ("defects", faults())):
        begin, end = BEGIN.format(name), END.format(name)
        before, rest = text.split(begin)
        text = f"{before}{begin}\n\n{table}\n\n{end}{rest.split(end)[1]}"
    return text


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
