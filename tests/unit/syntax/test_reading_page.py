"""Every example of docs/reading.md is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from formula2dgm.syntax import parse

PAGE = (Path(__file__).parents[3] / "docs" / "reading.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```formula\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def test_the_page_has_examples() -> None:
    assert len(LINES) > 50


@pytest.mark.parametrize("line", LINES)
def test_an_example_of_the_page(line: str) -> None:
    text, canonical = (each.strip() for each in line.rsplit("=>", 1))
    statements, diagnostics = parse(text)
    assert [str(each) for each in diagnostics] == []
    assert "; ".join(map(str, statements)) == canonical
