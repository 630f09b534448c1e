"""Every example beside what it generates; `make examples` rewrites the modules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import formula2dgm as f2d

EXAMPLES = Path(__file__).parents[1] / "examples"
MODELS = sorted(EXAMPLES.glob("*.tex"))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_the_module_beside_the_example_is_what_it_generates(path: Path) -> None:
    assert f2d.compile(path).source == path.with_suffix(".py").read_text("utf-8"), "make examples rewrites it"


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_gradient_reaches_every_network(path: Path) -> None:
    torch.manual_seed(0)
    objective = f2d.compile(path)
    objective(**objective.example_batch(4)).loss.backward()
    for name, parameter in objective.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@pytest.mark.slow
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_it_trains_on_real_images(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "formula2dgm", "train", str(path), "--data", "digits", "--epochs", "4"]
    run = subprocess.run([*command, "--out-dir", str(tmp_path)], capture_output=True, text=True, cwd=EXAMPLES.parent)
    assert run.returncode == 0, run.stderr
    epochs = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert epochs[-1]["validation"]["loss"] < epochs[0]["validation"]["loss"] - 1
    assert (tmp_path / "loss.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
