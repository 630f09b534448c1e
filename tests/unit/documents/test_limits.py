"""No document takes more than a time that grows with its length, and none ends in anything but a finding."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from formula2dgm import driver
from formula2dgm.diagnostics import FormulaError
from formula2dgm.documents import open_text
from formula2dgm.report.listing import listing_data, listing_text
from formula2dgm.spans import Source
from tests.support.growth import assert_linear

DATA = Path(__file__).parents[2] / "data" / "documents"
GROWING = {
    "dollars": "$",
    "double dollars": "$$",
    "begins": r"\begin{equation}",
    "ends": r"\end{equation}",
    "brackets": r"\[",
    "all": r"\[ \( $ ",
    "displays": r"\begin{align}a=b\label{c}\\\end{align}",
    "environments": r"\newenvironment{a}{\begin{equation}}{",
    "definitions": r"\def\a{\begin{equation}}",
    "groups": r"\begin{subequations}\label{a}",
    "verbatim": r"\begin{verbatim}",
    "verb": r"\verb|",
    "conditions": r"\iffalse \if ",
    "comments": "% $x$\n",
    "inline": "$x=1$ ",
    "wrong": "$$x($$ ",
    "ticks": "` `` ",
    "fences": "```math\n",
    "quotes": "> $$\n",
    "html": "<!--",
    "braces": r"\ensuremath{",
    "backslashes": "\\",
    "lines": "\n",
    "continued": "$$= a$$\n\n",
    "bodies": "!!! note\n    $$\n\n",
    "indented": "    a\n\n$$\n",
    "tables": r"\begin{tabular} $\displaystyle a = b ",
    "marks": "$$a , , , , , , ,$$",
}


@pytest.mark.parametrize("kind", [".tex", ".md"])
@pytest.mark.parametrize("piece", GROWING.values(), ids=GROWING)
def test_time_grows_with_the_length_and_not_faster(piece: str, kind: str) -> None:
    assert_linear(lambda text: open_text(Source(text, f"text{kind}"), kind), piece)


def test_a_paper_longer_than_a_formula_may_be() -> None:
    text = "words " * 100_000 + r"$$ a = b $$ " + "words " * 100_000
    found = open_text(Source(text, "long.tex"), ".tex")
    assert [str(each) for each in found.entries[0].statements] == ["a = b"]


PIECES = [
    "$", "$$", "\\[", "\\]", "\\begin{equation}", "\\end{align}", "{", "}", "\\", "\\\\", "%", "\n\n", "> ", "`",
    "\x00", "```math\n", "\\label{", "\\iffalse", "\\fi", "\\verb|", "\\input{main}", "\\input{../x}", "\\def\\be{",
    "\\newenvironment{equation}{\\begin{align}}{\\end{align}}", "\\newcommand{\\x}{\\x}", "\\end{document}",
    "#1", "é∈", "[", "]",
    "\\be", "\\ee", "\\ensuremath{x\\in R}", '"', "&lt;",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", ["paper/main.tex", "paper/sections/training.tex", "paper/notation.sty", "notes.md",
                                  "notes.ipynb"])  # fmt: skip
def test_spoiled_documents_end_in_findings(tmp_path: Path, name: str, seed: int) -> None:
    chance = random.Random(seed)
    shutil.copytree(DATA, tmp_path / "documents")
    path = tmp_path / "documents" / name
    text = path.read_text(encoding="utf-8")
    for _ in range(6):
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(PIECES) + text[at + chance.choice((0, 0, 0, 30)) :]
    path.write_text(text, encoding="utf-8")
    main = tmp_path / "documents" / ("paper/main.tex" if name.startswith("paper") else name)
    try:
        documents = driver.opened(main)
        assert listing_text(documents) and listing_data(documents)
        for each in driver.read(main).diagnostics:
            assert each.code and str(each)
    except FormulaError as error:
        assert error.diagnostics
