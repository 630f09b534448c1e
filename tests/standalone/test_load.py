"""``f2d.load``: the folder of a script's run is a model again, the same to the bit; nothing in it is executed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

import formula2dgm as f2d
from formula2dgm.cli.main import main

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.tex"))
SLOW = [each for each in EXAMPLES if each.stem not in ("beta_vae", "wgan_gp", "deep_markov_model")]
NETWORKS = """
import formula2dgm as f2d
from torch import nn

encoder, decoder = nn.Linear(8, 32), nn.Sequential(nn.Linear(16, 20), nn.Tanh(), nn.Linear(20, 8))


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = encoder

    def forward(self, x):
        loc, log_scale = self.net(x).chunk(2, -1)
        return {"loc": loc, "log_scale": log_scale}


posterior = Two()
bindings = {"q(z|x)": f2d.Normal(posterior), "p(x|z)": f2d.Bernoulli(decoder)}
"""


def module_of(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"loaded_{path.parent.name}", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    sys.path.remove(str(path.parent))
    return module


def run_of(folder: Path, *arguments: str, **config: Any) -> tuple[Any, dict[str, torch.Tensor]]:
    """The script of a formula with weights that nothing else would make, saved; and a batch."""
    folder.mkdir()
    path = folder / "model.py"
    assert main(["compile", *arguments, "-o", str(path)]) == 0
    module = module_of(path)
    batch: dict[str, torch.Tensor] = module.example()
    leads = {name: 2 if getattr(module.DATA[name], "time", False) else 1 for name in batch}
    known = module.Config.__dataclass_fields__
    config = {"hidden": 12, "N": 100, **config}
    made = module.Config(out_dir=str(folder), **{name: value for name, value in config.items() if name in known})
    run = module.Run(made, {name: tuple(x.shape[leads[name] :]) for name, x in batch.items()}, torch.device("cpu"))
    with torch.no_grad():
        for weight in run.objective.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    run.save()
    run.objective.eval()
    return run.objective, batch


def same(one: Any, other: f2d.Objective, batch: dict[str, torch.Tensor]) -> None:
    """Loss and terms of both, at the same noise."""
    for player in other.players if len(other.players) > 1 else (None,):
        chosen: dict[str, Any] = {} if player is None else {"player": player}
        chosen |= {} if batch else {"batch_size": 4}
        torch.manual_seed(1)
        wanted = one(**batch, **chosen)
        torch.manual_seed(1)
        found = other(**batch, **chosen)
        assert torch.equal(found.loss, wanted.loss) and found.terms.keys() == wanted.terms.keys()
        assert all(torch.equal(found.terms[name], wanted.terms[name]) for name in wanted.terms)


@pytest.mark.parametrize(
    "example",
    [pytest.param(each, marks=pytest.mark.slow if each in SLOW else ()) for each in EXAMPLES],
    ids=lambda path: path.stem,
)
def test_the_run_of_an_example_is_a_formula_again(example: Path, tmp_path: Path) -> None:
    one, batch = run_of(tmp_path / "run", str(example))
    loaded = f2d.load(tmp_path / "run")
    assert not loaded.training
    same(one, loaded, batch)


def test_options_and_numbers_of_the_command_line_hold(tmp_path: Path) -> None:
    text = tmp_path / "model.txt"
    text.write_text("E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)]\nbeta = 1")
    options = [
        "--dim",
        "z=3",
        "--dim",
        "x=5",
        "--samples",
        "4",
        "--set",
        "beta=2",
        "--estimator",
        "z=score:leave-one-out",
    ]
    one, batch = run_of(tmp_path / "run", str(text), *options, beta="min(7, 7 * step)")
    loaded = f2d.load(tmp_path / "run")
    assert loaded.beta == 7 and loaded.program.options["dims"] == {"z": 3, "x": 5}
    assert one.beta == 7
    same(one, loaded, batch)


def test_sequences_of_different_lengths(tmp_path: Path) -> None:
    example = next(each for each in EXAMPLES if each.stem == "deep_markov_model")
    one, batch = run_of(tmp_path / "run", str(example), "--ragged")
    loaded = f2d.load(tmp_path / "run")
    assert "lengths" in batch
    same(one, loaded, batch)


def test_networks_of_ones_own_are_bound_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nets, text = tmp_path / "nets.py", tmp_path / "model.txt"
    nets.write_text(NETWORKS)
    text.write_text("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]\nz in R^16")
    folder = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        one, batch = run_of(folder, str(text), "--networks", str(nets))
    with pytest.raises(f2d.FormulaError, match="F2D-0690.*networks of its own in place of QZGivenX") as error:
        f2d.load(folder)
    assert "f2d.load(folder, {'q(z|x)'" in str(error.value)
    fresh: dict[str, Any] = {}
    exec(NETWORKS, fresh)
    loaded = f2d.load(folder, fresh["bindings"])
    same(one, loaded, batch)
    assert torch.equal(fresh["encoder"].weight, one.q_z_given_x.net.weight)
    with pytest.raises(f2d.FormulaError, match="F2D-0690.*weights of .* are of other networks"):
        f2d.load(folder, {**fresh["bindings"], "p(x|z)": f2d.Bernoulli(torch.nn.Linear(16, 8))})


def test_an_edited_script_is_refused_unless_its_user_says_that_it_is_the_same(tmp_path: Path) -> None:
    one, batch = run_of(tmp_path / "run", str(EXAMPLES[1]))
    path = tmp_path / "run" / "model.py"
    text = path.read_text()
    path.write_text(text.replace("# z ~ ", "# my own remark: z ~ "))
    same(one, f2d.load(tmp_path / "run"), batch)
    path.write_text(text.replace("nn.ReLU()", "nn.Tanh()"))
    with pytest.raises(f2d.FormulaError, match="F2D-0690.*model.py' writes"):
        f2d.load(tmp_path / "run")
    same(one, f2d.load(tmp_path / "run", edited=True), batch)  # it is what the formula says, not what the text does


class Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("harm"),))


def test_nothing_in_the_folder_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one, batch = run_of(tmp_path / "run", str(EXAMPLES[1]))
    path = tmp_path / "run" / "model.py"
    path.write_text(path.read_text() + "\n\nPath('harm').touch()\n")
    (tmp_path / "run" / "torch.py").write_text("open('harm', 'w')")
    same(one, f2d.load("run"), batch)
    assert not Path("harm").exists()
    torch.save({**torch.load("run/ckpt.pt", weights_only=True), "total": Harm()}, "run/ckpt.pt")
    with pytest.raises(f2d.FormulaError, match="F2D-0683"):
        f2d.load("run")
    assert not Path("harm").exists()
