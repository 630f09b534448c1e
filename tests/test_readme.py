"""The Python blocks of the README and of every page in docs/ run, in order, each page in a namespace of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import formula2dgm as f2d

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def python_of(page: Path) -> str:
    """The page as a program: all but its Python blocks is blank, so that an error names the page's line."""
    text = page.read_text(encoding="utf-8")
    program = ""
    for block in BLOCK.finditer(text):
        program += "\n" * (text.count("\n", 0, block.start(1)) - program.count("\n")) + block[1]
    return program


def test_a_page_keeps_its_line_numbers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n```python\na = 1\n```\n\n```console\n$ ls\n```\n```python\nb = a\n```\n")
    assert python_of(page).split("\n") == ["", "", "", "a = 1", "", "", "", "", "", "", "b = a", ""]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(python_of(page), str(page), "exec"), {"__name__": "__main__"})


FORMULA = re.compile(r"^```formula\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FORMULAS = [block[1] for block in FORMULA.finditer((ROOT / "docs" / "language.md").read_text(encoding="utf-8"))]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_of_the_language_page_compile_and_run(text: str) -> None:
    objective = f2d.compile(text.rstrip("\n"), scaffold=True, dims={"x": 3})
    assert objective(**objective.example_batch(2)).loss.isfinite()
