"""``--self-check`` of a written script: sound as written, and it finds what someone breaks in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from formula2dgm.cli.main import main

EXAMPLES = Path(__file__).parents[2] / "examples"
ELBO = "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]"
#: Only torch may be imported: not the compiler, nor the packages that data and pictures come from.
BLOCK = """
import importlib.abc, runpy, sys

class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"formula2dgm", "lark", "jinja2"}:
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Block())
sys.argv = ["model.py", "--self-check"]
try:
    runpy.run_path("model.py", run_name="__main__")
finally:
    assert not {"sklearn", "PIL"} & sys.modules.keys()
"""


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    clean = {**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", BLOCK], cwd=folder, env=clean, capture_output=True, text=True, timeout=300, check=False
    )


def written(folder: Path, *formula: str) -> Path:
    path = folder / "model.py"
    assert main(["compile", *formula, "-o", str(path)]) == 0
    return path


@pytest.fixture
def vae(tmp_path: Path) -> Path:
    (tmp_path / "model.txt").write_text(ELBO)
    return written(tmp_path, str(tmp_path / "model.txt"), "--dim", "x=6", "--dim", "z=3")


def broken(path: Path, old: str, new: str) -> None:
    """The first place, which is in ``forward``."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vae", "gan", "hmm", "vq_vae", "world_model", "jmvae"])
def test_examples_are_sound(name: str, tmp_path: Path) -> None:
    written(tmp_path, str(EXAMPLES / f"{name}.tex"))
    found = check(tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.endswith("sound\n")
    assert "FAULT" not in found.stdout
    assert ("by differences" in found.stdout) != (name == "vq_vae")
    assert ("constant" in found.stdout) == (name == "vq_vae")
    assert [path.name for path in tmp_path.iterdir()] == ["model.py"]


def test_a_piece_held_constant_by_mistake_is_found(vae: Path) -> None:
    broken(vae, "p_x_given_z(z)", "p_x_given_z(z.detach())")
    found = check(vae.parent)
    assert found.returncode == 1
    assert "FAULT  the gradient along a random direction is" in found.stdout
    assert "1 fault" in found.stdout


def test_a_network_that_learns_nothing_is_found(vae: Path) -> None:
    broken(vae, "self.p_x_given_z(z)", "self.p_x_given_z(z).detach()")
    found = check(vae.parent)
    assert found.returncode == 1
    assert "FAULT  a gradient reaches p_x_given_z" in found.stdout


def test_a_term_that_is_not_finite_is_found(vae: Path) -> None:
    broken(vae, "loss=loss", "loss=loss / 0.0")
    found = check(vae.parent)
    assert found.returncode == 1
    assert "FAULT  loss is inf" in found.stdout or "FAULT  loss is -inf" in found.stdout
