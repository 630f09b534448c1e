"""``formula2dgm compile --tools-beside``: the script without its tools, and the tools, which are the same for all."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import formula2dgm as f2d
from tests.unit.script.programs import PROGRAMS

ROOT = Path(__file__).parents[3]
TOOLS = Path("training_tools.py")
GAN = r"\min_G \max_D E_{p_{data}(x)}[\log D(x)] + E_{p(z)}[\log(1 - D(G(z)))]; x \in R^2; z \in R^2"


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A script in a process of its own, which has torch alone."""
    clean = {**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=clean, check=False)


def test_the_tools_are_the_same_for_every_formula_and_the_script_has_none(run) -> None:
    Path("gan.txt").write_text(GAN)
    assert run("compile", "paper.tex", "-o", "vae.py", "--tools-beside").status == 0
    tools = TOOLS.read_text()
    assert run("compile", "gan.txt", "-o", "gan.py", "--tools-beside").status == 0
    assert TOOLS.read_text() == tools
    assert run("compile", "paper.tex", "-o", "whole.py").status == 0
    own = {node.name for node in ast.parse(tools).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for name in ("vae.py", "gan.py"):
        text = Path(name).read_text()
        defined = {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert "from training_tools import (" in text and not defined & own
        path = ["--config", str(ROOT / "pyproject.toml"), name, str(TOOLS)]
        for command in (["check", "--ignore", "I001"], ["format", "--check"]):
            done = ran("-m", "ruff", *command, *path)
            assert done.returncode == 0, done.stdout
    assert Path("whole.py").read_text().count("\n") - Path("vae.py").read_text().count("\n") > 600


@pytest.mark.slow
def test_the_run_is_that_of_one_file(run) -> None:
    torch.save(torch.rand(60, 6).round(), "x.pt")
    assert run("compile", "paper.tex", "-o", "one.py").status == 0
    assert run("compile", "paper.tex", "-o", "two.py", "--tools-beside").status == 0
    common = ["--data", "x.pt", "--epochs", "2", "--hidden", "8", "--tighter", "3"]
    for name in ("one", "two"):
        done = ran(f"{name}.py", *common, "--out-dir", name)
        assert done.returncode == 0, done.stderr
    metrics = [Path(name, "metrics.jsonl").read_text() for name in ("one", "two")]
    assert metrics[0] == metrics[1] and "(3 draws)" in metrics[0]
    assert Path("two/training_tools.py").read_text() == TOOLS.read_text()  # the folder of a run runs by itself
    done = ran("two/model.py", *common, "--out-dir", "two", "--epochs", "3", "--resume", "auto")
    assert done.returncode == 0 and "continues two/ckpt.pt after 2 epochs" in done.stderr
    assert f2d.load("two").sample(3)["x"].shape == (3, 6)


def test_another_text_of_that_name_stays(run) -> None:
    TOOLS.write_text("# mine\n")
    refused = run("compile", "paper.tex", "-o", "vae.py", "--tools-beside")
    assert refused.status == 1 and "F2D-0686" in refused.err and "--force" in refused.err
    assert TOOLS.read_text() == "# mine\n" and not Path("vae.py").exists()
    assert run("compile", "paper.tex", "-o", "vae.py", "--tools-beside", "--force").status == 0
    assert "def configured(" in TOOLS.read_text()


@pytest.mark.parametrize(
    "arguments", [[], ["-o", "m.py", "--target", "module"], ["-o", "training_tools.py"]], ids=["out", "module", "name"]
)
def test_it_is_for_a_script_in_a_file_of_another_name(arguments: list[str], run) -> None:
    refused = run("compile", "paper.tex", *arguments, "--tools-beside")
    assert refused.status == 1 and "F2D-0686" in refused.err and not TOOLS.exists()


def test_all_programs_have_what_they_need() -> None:
    """Every name of the tools that a script uses is imported: nothing is left undefined."""
    from formula2dgm.codegen.module import generate
    from formula2dgm.codegen.script import script

    for make in PROGRAMS.values():
        program = make()
        text = script(program, generate(program), tools_beside=True)
        done = subprocess.run(
            [sys.executable, "-m", "ruff", "check", "--select", "F", "--isolated", "-"],
            input=text,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout
