"""Every stage of every golden formula is what a person has read and agreed to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.update import formulas, stages


@pytest.mark.parametrize("path", formulas(), ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    for suffix, text in stages(path).items():
        golden = path.with_suffix(suffix).read_text(encoding="utf-8")
        assert text == golden, f"{path.stem}{suffix} changed; python tests/golden/update.py rewrites it"


def test_the_spellings_of_the_elbo_give_one_module() -> None:
    """ASCII, Unicode and LaTeX: the same program and, the formula's own text aside, the same code."""
    made = [stages(path) for path in formulas() if path.stem.startswith("elbo_spelled")]
    assert len(made) == 3
    bodies = [each[".py"].split("class Objective", 1)[1].split('"""', 2)[2] for each in made]
    assert bodies[0] == bodies[1] == bodies[2]
    assert made[0][".program"] == made[1][".program"] == made[2][".program"]


def test_written_modules_are_formatted() -> None:
    modules = [str(path.with_suffix(".py")) for path in formulas()]
    for command in (["format", "--check", "--isolated", "--line-length", "120"], ["check", "--isolated"]):
        run = subprocess.run([sys.executable, "-m", "ruff", *command, *modules], capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr
