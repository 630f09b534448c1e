"""A written module moves its targets where formula2dgm is not installed, bit for bit as in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch
from torch import nn

import formula2dgm as f2d

RUN = """
import importlib.abc, sys

class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"formula2dgm", "lark", "jinja2"}:
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Block())
import torch
import written

given = torch.load("state.pt", weights_only=True)
objective = written.Objective(torch.nn.Linear(3, 3))
objective.load_state_dict(given["objective"])
optimizer = torch.optim.SGD(objective.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    objective(x=given["x"]).loss.backward()
    optimizer.step()
    objective.update_targets()
torch.save(objective.state_dict(), "result.pt")
"""


def test_three_steps(tmp_path: Path) -> None:
    torch.manual_seed(0)
    x = torch.randn(6, 3)
    formula = r"\min \|x - f_\theta(x)\|^2 + \|f_\theta(x) - f_{\bar\theta}(-x)\|^2"
    objective = f2d.compile(formula, {"f_theta": nn.Linear(3, 3), r"\bar\theta": f2d.EMA("theta", 0.9)})
    nn.init.zeros_(objective.f_theta.bias)  # the target's is another
    objective.save(tmp_path / "written.py")
    (tmp_path / "run.py").write_text(RUN)
    torch.save({"objective": objective.state_dict(), "x": x}, tmp_path / "state.pt")
    done = subprocess.run([sys.executable, "run.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    optimizer = torch.optim.SGD(objective.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        objective(x=x).loss.backward()
        optimizer.step()
        objective.update_targets()
    expected, found = objective.state_dict(), torch.load(tmp_path / "result.pt", weights_only=True)
    assert (
        list(found)
        == list(expected)
        == [f"f_theta{of}.{name}" for of in ("", "_target") for name in ("weight", "bias")]
    )
    assert all(torch.equal(found[name], value) for name, value in expected.items())
