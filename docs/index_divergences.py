"""Writes the table of docs/divergences.md from the registry. Run by ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).parent / "divergences.md"
BEGIN, END = "<!-- table: python docs/index_divergences.py -->", "<!-- end -->"
#: The divergence whose closed forms another one follows from.
THROUGH = {"Jeffreys": "KL", "chi^2": "Renyi", "H^2": "Renyi"}


def table() -> str:
    """One row for each divergence, in the registry's order."""
    from formula2dgm.registry.definitions import DEFINITIONS

    head = ["divergence", "named", "of p (left) and q (right)", "closed forms", "else", "source"]
    rows = [head, ["---"] * len(head), *(_row(each) for each in DEFINITIONS)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(what) -> list[str]:
    named = ", ".join(f"`{each}`" for each in what.labels)
    formula = what.formula.replace("|", "\\|")
    return [what.title, named, f"`{formula}`", _closed(what.name), _estimate(what), what.source]


def _closed(name: str) -> str:
    from formula2dgm.registry.definitions import CLOSED_FORMS_BESIDE_KL
    from formula2dgm.registry.divergences import CLOSED_FORMS

    base = THROUGH.get(name, name)
    if base == "KL":
        return "[families.md](families.md)" if name == "KL" else "where KL has them both ways"
    pairs = [(left, right) for form, left, right in (*CLOSED_FORMS, *CLOSED_FORMS_BESIDE_KL) if form == base]
    if not pairs:
        return "none"
    if base != name:
        return "those of Rényi"
    return ", ".join(left if left == right else f"{left} to {right}" for left, right in pairs)


def _estimate(what) -> str:
    sides = {each.side for each in what.brackets}
    if not sides:
        return "refused"
    return "draws of both sides" if len(sides) == 2 else "draws of the left side"


def page(text: str) -> str:
    """The page with its table written anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
