"""A written module runs where formula2dgm is not installed, and computes bit for bit what memory does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import programs
import pytest
import torch
from networks import Gaussian, Logits

from formula2dgm.codegen import generate
from formula2dgm.passes import run_passes
from formula2dgm.runtime.loader import build

RUN = """
import importlib.abc, sys

class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"formula2dgm", "lark", "jinja2"}:
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Block())
sys.path[:] = [each for each in sys.path if "formula2dgm" not in each]
import torch
from networks import Gaussian, Logits
import written

state = torch.load("state.pt", weights_only=True)
objective = written.Objective(%s)
objective.load_state_dict(state["objective"])
found = objective(**state["data"], noise=state["noise"])
torch.manual_seed(3)
fresh = objective(**state["data"])
found.loss.backward()
gradients = {name: each.grad for name, each in objective.named_parameters()}
result = {"loss": found.loss.detach(), "terms": found.terms, "fresh": fresh.loss.detach(), "gradients": gradients}
torch.save(result, "result.pt")
assert type(objective).__mro__[1] is torch.nn.Module
"""

CASES = {
    "beta_vae": (programs.beta_vae, "Gaussian(6, 3), Logits(3, 6)"),
    "iwae": (programs.iwae, "Gaussian(6, 3), Logits(3, 6)"),
    "enumerated": (programs.enumerated, "Logits(6, 4), Gaussian(10, 3), Logits(7, 6)"),
}


@pytest.mark.parametrize("name", CASES)
def test_on_disk_is_in_memory(name: str, tmp_path: Path) -> None:
    make, networks = CASES[name]
    program = make()
    made = eval(networks, {"Gaussian": Gaussian, "Logits": Logits})
    objective = build(
        program, generate(run_passes(program)), dict(zip([n.name for n in program.networks], made, strict=True))
    )
    data = {"x": torch.bernoulli(torch.full((5, 6), 0.5))}
    noise = objective.example_noise(**data)
    found = objective(**data, noise=noise)
    torch.manual_seed(3)
    fresh = objective(**data)
    found.loss.backward()

    objective.save(tmp_path / "written.py")
    (tmp_path / "networks.py").write_text((Path(__file__).parents[1] / "numeric" / "networks.py").read_text())
    (tmp_path / "run.py").write_text(RUN % networks)
    torch.save({"objective": objective.state_dict(), "data": data, "noise": noise}, tmp_path / "state.pt")
    done = subprocess.run([sys.executable, "run.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    result = torch.load(tmp_path / "result.pt", weights_only=True)
    assert torch.equal(result["loss"], found.loss.detach())
    assert torch.equal(result["fresh"], fresh.loss.detach())
    assert list(result["terms"]) == list(found.terms)
    assert all(torch.equal(result["terms"][each], found.terms[each]) for each in found.terms)
    for parameter, gradient in result["gradients"].items():
        assert torch.equal(gradient, objective.get_parameter(parameter).grad), parameter


def test_the_written_text_is_the_one_in_memory(tmp_path: Path) -> None:
    program = programs.beta_vae()
    generated = generate(run_passes(program))
    objective = build(program, generated, {"q_z_given_x": Gaussian(6, 3), "p_x_given_z": Logits(3, 6)})
    objective.save(tmp_path / "written.py")
    assert (tmp_path / "written.py").read_text() == generated.source == objective.source
