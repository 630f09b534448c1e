"""The command that measures the compiler: what it measures is read, and its page and picture say what was found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks.compiler import clock
from benchmarks.compiler.__main__ import BEGINS, ENDS, write
from benchmarks.compiler.picture import svg
from benchmarks.compiler.texts import KINDS, Growing


def row(size: int, *times: float, lines: int) -> dict[str, Any]:
    return {"kind": "terms", "size": size, **dict(zip((*clock.STAGES, "total"), times, strict=True)), "lines": lines}


FOUND: dict[str, Any] = {
    "machine": {"date": "today", "processor": "a processor", "cores": 2, "system": "a system", "load_before": 0.1},
    "versions": {"formula2dgm": "1", "python": "3", "torch": "2"},
    "small": {"one thing": {"fastest": 4.25, "median": 5.0}},
    "growth": [row(10, 1.0, 2.0, 0.5, 1.5, 5.0, lines=70), row(100, 9.0, 25.0, 4.0, 12.0, 50.0, lines=700)],
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_is_a_model_that_compiles(kind: Growing) -> None:
    few, many = clock.stages(kind.text(2)), clock.stages(kind.text(4))
    assert many["lines"] > few["lines"]
    assert few["total"] == pytest.approx(sum(few[each] for each in clock.STAGES))


def test_the_results_are_written_and_only_the_table_of_the_page_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "performance.md").write_text(f"before\n{BEGINS}\nold\n{ENDS}\nafter\n", encoding="utf-8")
    write(FOUND, results=tmp_path, docs=tmp_path)
    write(FOUND, results=tmp_path, docs=tmp_path)
    said = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert said.startswith(f"before\n{BEGINS}\n") and said.endswith(f"{ENDS}\nafter\n") and "old" not in said
    assert "| one thing | 4.2 | 5.0 |" in said
    assert "| terms | 100 | 9.0 | 25.0 | 4.0 | 12.0 | 50.0 | 0.50 | 700 |" in said
    assert "a processor, 2 cores" in (tmp_path / "compiler.md").read_text(encoding="utf-8")


def test_growth_in_proportion_is_parallel_to_the_dashed_line() -> None:
    picture = ElementTree.fromstring(svg({"a < b": [(10, 5.0), (100, 50.0)]}))
    space = "{http://www.w3.org/2000/svg}"
    (points,) = [each.attrib["points"] for each in picture.iter(f"{space}polyline")]
    (x0, y0), (x1, y1) = ([float(each) for each in point.split(",")] for point in points.split())
    (dashed,) = [each.attrib["d"] for each in picture.iter(f"{space}path") if "stroke-dasharray" in each.attrib]
    a, b, c, d = (float(each) for each in re.findall(r"[\d.]+", dashed))
    assert (y1 - y0) / (x1 - x0) == pytest.approx((d - b) / (c - a), rel=0.01)
    assert x1 > x0 and y1 < y0
    assert "a < b" in [each.text for each in picture.iter(f"{space}text")]


def test_the_page_in_the_documentation_has_a_place_for_the_table() -> None:
    said = (clock.ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert said.count(BEGINS) == said.count(ENDS) == 1
