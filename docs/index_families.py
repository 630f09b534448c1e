"""Writes the table of docs/families.md from the registry. Run by ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).parent / "families.md"
BEGIN, END = "<!-- table: python docs/index_families.py -->", "<!-- end -->"
SUPPORTS = {
    "real": "real numbers",
    "binary": "0 or 1",
    "unit": "0 to 1",
    "category": "a class",
    "simplex": "probabilities of classes",
    "positive": "above 0",
    "sphere": "unit vectors",
    "count": "0, 1, 2, …",
    "integer": "whole numbers",
    "angle": "angles",
    "grid": "points of a grid",
    "unknown": "any",
}


def table() -> str:
    """One row for each of the compiler's own families, in the registry's order."""
    from formula2dgm.registry import FAMILIES

    head = ["family", "in a formula", "parameters of a binding", "values", "draws", "closed forms"]
    rows = [head, ["---"] * len(head), *(_row(each) for each in FAMILIES)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(family) -> list[str]:
    first, *others = family.spellings
    written = f"`{first}({'; '.join(['x', ', '.join(family.arguments)] if family.arguments else ['x'])})`"
    return [
        f"`f2d.{family.name}`",
        written + (f", or {_codes(others)}" if others else ""),
        "; ".join(_parameter(family, each) for each in family.parameters) + _choices(family),
        _values(family),
        _draws(family),
        _closed_forms(family),
    ]


def _codes(names) -> str:
    return ", ".join(f"`{each}`" for each in names)


def _parameter(family, name: str) -> str:
    shape = {0: "", 1: " (vector)", 2: " (matrix)"}[family.rank(name)]
    others = family.alternatives.get(name, {})
    return f"`{name}`{shape}" + (f" or {_codes(others)}" if others else "")


def _choices(family) -> str:
    """Options and settings, after the parameters."""
    chosen = [*(f"`{each}=True`" for each in family.options), *(f"`{each}={value}`" for each, value in family.settings)]
    before = "; " if family.parameters else ""
    return f"{before}choices {', '.join(chosen)}" if chosen else ""


def _values(family) -> str:
    shape = {0: "", 1: " (one vector a draw)"}[family.value_rank]
    return SUPPORTS[family.support] + shape


def _draws(family) -> str:
    if family.finite:
        return "summed over, or score function"
    if not family.pathwise:
        return "score function"
    return "pathwise" if family.noise == "standard" else "pathwise (implicit)"


def _closed_forms(family) -> str:
    from formula2dgm.registry.divergences import CLOSED_FORMS

    to = [right for name, left, right in CLOSED_FORMS if name == "KL" and left == family.name]
    return "; ".join([*(["H"] if family.entropy else []), *([f"KL to {', '.join(to)}"] if to else [])]) or "none"


def page(text: str) -> str:
    """The page with its table written anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
