"""docs/divergences.md: its table is the registry's, its formulas compile."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import formula2dgm as f2d

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "divergences.md").read_text(encoding="utf-8")


def test_the_table_is_up_to_date() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "index_divergences.py"))["page"]
    assert page(PAGE) == PAGE, "run `make docs`"


@pytest.mark.parametrize("formula", re.findall(r"^```formula\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
def test_its_formulas_compile(formula: str) -> None:
    f2d.compile(formula, scaffold=True, dims={"z": 3, "x": 4})


def test_its_programs_run() -> None:
    known: dict[str, object] = {}
    for program in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        exec(program, known)
