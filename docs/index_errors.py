"""Writes docs/errors.md, the index of docs/errors/F2D-NNNN.md. Run by ``make docs``."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parent
GROUPS = {
    "00": "Ours",
    "01": "Reading",
    "02": "Names and kinds",
    "03": "Densities and factorisations",
    "04": "Axes, draws, estimators",
    "05": "Direction and players",
    "06": "Run time: values and shapes",
    "07": "Bindings and options",
    "08": "Documents and the command line",
    "09": "Allowed, and probably not meant",
}
HEADING = re.compile(r"# (F2D-(\d\d)\d\d): (.+)")


def index(folder: Path) -> str:
    """The text of the index of a folder of pages."""
    lines = [
        "# Errors and warnings",
        "",
        "Each has a stable code and a page: what it means, the smallest text that fires it, what to write instead.",
        "`formula2dgm explain F2D-0101` prints a page.",
    ]
    group = None
    for path in sorted(folder.glob("F2D-*.md")):
        heading = HEADING.fullmatch(path.read_text(encoding="utf-8").split("\n", 1)[0])
        if heading is None or heading[1] != path.stem:
            raise SystemExit(f"{path}: the first line must be '# {path.stem}: what is wrong'")
        if heading[2] != group:
            group = heading[2]
            lines += ["", f"## {GROUPS[group]}", ""]
        lines.append(f"- [{heading[1]}](errors/{path.name}): {heading[3]}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (DOCS / "errors.md").write_text(index(DOCS / "errors"), encoding="utf-8")
