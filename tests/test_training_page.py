"""docs/training.md: the formulas of its table compile, its programs run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import formula2dgm as f2d

PAGE = (Path(__file__).parents[1] / "docs" / "training.md").read_text(encoding="utf-8")
TABLE = (
    PAGE.split("### Adversarial divergences between samplers")[1].split("| divergence | formula |")[1].split("\n\n")[0]
)
ROWS = [line for line in TABLE.splitlines() if "`" in line]
CRITIC = r"\max_D E_{p_{data}(x)}[\log D(x)] + E_{p(z)}[\log(1 - D(G(z)))]"
SIZES = [r"x \in \mathbb{R}^4", r"z \in \mathbb{R}^2"]


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip() for row in ROWS])
def test_a_row_compiles(row: str) -> None:
    statements = [CRITIC if each.endswith("...") else each for each in re.findall(r"`([^`]+)`", row)]
    found = f2d.compile([*statements, *SIZES], scaffold=True)
    assert found.players or len(statements) == 1
    assert all(objective.terms for objective in found.program.objectives)


def test_its_programs_run() -> None:
    known: dict[str, object] = {}
    for program in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        exec(program, known)
