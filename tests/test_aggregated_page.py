"""docs/aggregated.md: its formulas compile, its programs run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import formula2dgm as f2d

PAGE = (Path(__file__).parents[1] / "docs" / "aggregated.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("formula", re.findall(r"^```formula\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
def test_its_formulas_compile(formula: str) -> None:
    f2d.compile(formula.splitlines(), scaffold=True, dims={"z": 3, "x": 4, "y": 4, "u": 3})


def test_its_programs_run() -> None:
    for program in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        exec(program, {})
