"""A run that is killed at any instant goes on from its last checkpoint, and ends bit for bit as if it had not been."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from formula2dgm.cli.main import main

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="an attempt is a child of one process")
KILLS = Path(__file__).with_name("kills.py")
FORMULAS = {
    "one objective": "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]",
    "two players": "min_G max_D E_p_data(x)[log D(x)] + E_p(z)[log(1 - D(G(z)))]",
}


def killed(formula: str, kills: int, folder: Path) -> dict:
    """What became of a script that was killed so many times."""
    (folder / "model.txt").write_text(FORMULAS[formula])
    written = folder / "model.py"
    assert main(["compile", str(folder / "model.txt"), "--dim", "x=6", "--dim", "z=3", "-o", str(written)]) == 0
    torch.manual_seed(0)
    torch.save(torch.rand(90, 6).round(), folder / "data.pt")
    clean = {**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(KILLS), "model.py", str(kills)], cwd=folder, env=clean, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_five_kills(tmp_path: Path) -> None:
    found = killed("one objective", 5, tmp_path)
    assert found["kills"] >= 5


@pytest.mark.slow
@pytest.mark.parametrize("formula", FORMULAS)
def test_a_hundred_kills(formula: str, tmp_path: Path) -> None:
    """At all stages: before the first checkpoint, within an epoch and between two, while a file is written."""
    found = killed(formula, 100, tmp_path)
    assert found["kills"] >= 100 and 0 in found["reached"]
    assert len({steps for steps in found["reached"] if steps % 3 == 0}) > 5
