"""Writes the tables of docs/models.md: each model is compiled and measured. Run by ``make models``."""

from __future__ import annotations

import math
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).parent / "models.md"
BEGIN, END = "<!-- tables: python docs/index_models.py -->", "<!-- end -->"
HEAD = [
    "model",
    "formula",
    "lines of the loss",
    "lines of the module",
    "value to the reference",
    "gradient",
    "value to code by hand",
    "gradient",
]


def tables() -> str:
    """One table for each group of models, in their order."""
    from tests.models.table import GROUPS, MODELS

    written = []
    for group in GROUPS:
        rows = [HEAD, ["---"] * len(HEAD), *(row(each) for each in MODELS if each.group == group)]
        written.append(f"## {group}\n\n" + "\n".join(f"| {' | '.join(each)} |" for each in rows))
    return "\n\n".join(written)


def row(model) -> list[str]:
    """The cells of a model: its text, its lines, and the differences as they are measured here."""
    from tests.models.measure import measured

    found = measured(model)
    apart = (found.value, found.gradient, found.value_by_hand, found.gradient_by_hand)
    return [*said(model), str(found.loss_lines), str(found.module_lines), *map(_power, apart)]


def said(model) -> list[str]:
    """The cells that say which model it is."""
    return [model.title, f"[{model.name}](../tests/models/formulas/{model.name}.txt)"]


def _power(difference: float) -> str:
    """0, or the next power of ten."""
    return "0" if difference == 0 else f"1e{math.ceil(math.log10(difference))}"


def page(text: str) -> str:
    """The page with its tables written anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
