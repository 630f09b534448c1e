"""Every code of the sources has a page, every page's code is used, every block of a page does what it says."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "errors").glob("F2D-*.md"))
CODE = re.compile(r"F2D-\d{4}")
BLOCK = re.compile(r"^```formula(?P<kind>[ \w]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FAILING = re.compile(r"^```python fails\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def codes_used() -> set[str]:
    """Codes that stand in the package as a string of their own (an example in a docstring is no use)."""
    return {
        node.value
        for path in (ROOT / "formula2dgm").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }


def blocks() -> list[tuple[str, bool, str]]:
    """Every formula on every page: the page's code, whether it fires it, the text."""
    return [
        (page.stem, found["kind"].strip() == "fails", found["text"].removesuffix("\n"))
        for page in PAGES
        for found in BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]


def failing_programs() -> list[tuple[str, str]]:
    """Every Python block that fires its page's code (those that do not are run with the documentation)."""
    return [(page.stem, found[1]) for page in PAGES for found in FAILING.finditer(page.read_text(encoding="utf-8"))]


def test_every_code_has_a_page_and_every_page_is_used() -> None:
    assert sorted(codes_used()) == [page.stem for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_whole(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.match(rf"# {page.stem}: \S.*\n\n\S", text), "a heading with the code, then a paragraph"
    assert text.count("```") >= 4 and "What to write instead" in text, "what fires it, and the way out"


def test_the_index_is_up_to_date() -> None:
    index = runpy.run_path(str(ROOT / "docs" / "index_errors.py"))["index"]
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == index(ROOT / "docs" / "errors"), (
        "run `make docs`"
    )


@pytest.mark.parametrize(("code", "fails", "text"), blocks())
def test_a_block_does_what_the_page_says(code: str, fails: bool, text: str) -> None:
    import formula2dgm as f2d

    found = f2d.check(text)
    if fails:
        assert code in {each.code for each in found}
    else:
        assert [each for each in found if each.severity == "error" or each.code == code] == []


@pytest.mark.parametrize(("code", "program"), failing_programs())
def test_a_program_fails_as_the_page_says(code: str, program: str) -> None:
    import formula2dgm as f2d

    with pytest.raises(f2d.FormulaError) as error:
        exec(program, {"__name__": "__main__"})
    assert code in {each.code for each in error.value.diagnostics}
