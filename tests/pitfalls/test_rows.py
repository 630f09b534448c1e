"""docs/pitfalls.md: every row does what it says, and the page is that of the rows."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest

import formula2dgm as f2d
from tests.pitfalls.rows import Defect, Row, Slip, defects, rows

ROOT = Path(__file__).parents[2]
ROWS = rows()
SLIPS = [each for row in ROWS for each in row.slips]
DEFAULT = {"dims": {"x": 4, "z": 2}}


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.formula)
def test_a_check_says_of_a_mistake_what_the_row_says(slip: Slip) -> None:
    found = f2d.check(slip.formula)
    if slip.code:
        assert slip.code in [each.code for each in found]
        assert all(each.span is not None for each in found if each.code == slip.code)
    else:
        assert slip.note and [str(each) for each in found if each.severity != "note"] == []
        assert f2d.compile(slip.formula, scaffold=True, dims={"x": 3, "z": 2}).source


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.pain)
def test_what_is_meant_is_compiled_without_a_word_to_the_line_of_the_row(row: Row) -> None:
    assert [str(each) for each in f2d.check(row.right) if each.severity != "note"] == []
    options = row.options or DEFAULT
    source = f2d.compile(row.right, scaffold=True, **options).source  # type: ignore[arg-type]
    assert row.line in source
    assert row.slips or row.note


@pytest.mark.parametrize("row", [*ROWS, *defects()], ids=lambda row: row.shown)
def test_the_numbers_of_a_row_are_tested(row: Row | Defect) -> None:
    path, name = row.shown.split("::")
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    decorators = [ast.unparse(each) for each in functions[name].decorator_list]
    assert not any("skip" in each or "xfail" in each for each in decorators)


def test_the_page_is_that_of_the_rows() -> None:
    index = runpy.run_path(str(ROOT / "docs" / "index_pitfalls.py"))
    text = (ROOT / "docs" / "pitfalls.md").read_text(encoding="utf-8")
    assert index["page"](text) == text, "run `make pitfalls`"
