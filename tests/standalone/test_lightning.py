"""``compile --target lightning``: the LightningModule takes the steps of a loop by hand."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from formula2dgm.codegen.lightning import lightning
from formula2dgm.codegen.module import generate
from tests.unit.script.programs import PROGRAMS, averages, gan, iwae, wasserstein, written

ROOT = Path(__file__).parents[2]
VAE = ("E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)]", "p(x|z) = N(x; f(z), I)", "z in R^2", "x in R^3", "beta = 2")


class StandIn(nn.Module):
    """What of a LightningModule the generated class uses, without the package."""

    def __init__(self) -> None:
        super().__init__()
        self.logged: dict[str, Any] = {}
        self.made: list[torch.optim.Optimizer] = []

    def log(self, name: str, value: Any, **options: Any) -> None:
        self.logged[name] = value

    def log_dict(self, numbers: dict[str, Any], **options: Any) -> None:
        self.logged |= numbers

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return self.made

    def manual_backward(self, loss: torch.Tensor) -> None:
        loss.backward()

    def optimizer_step(self, *args: Any, **options: Any) -> None:
        self.made[0].step()


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The written module of a program, with the stand-in for the package."""
    package = ModuleType("lightning")
    package.LightningModule = StandIn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lightning", package)

    def module(program: Any) -> ModuleType:
        path = tmp_path / "lit.py"
        path.write_text(lightning(program, generate(program)))
        spec = importlib.util.spec_from_file_location("lit_under_test", path)
        assert spec is not None and spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return made

    return module


@pytest.mark.parametrize("name", PROGRAMS)
def test_ruff_finds_nothing_to_do_and_it_stays_small(name: str, tmp_path: Path) -> None:
    program = PROGRAMS[name]()
    generated = generate(program)
    text = lightning(program, generated)
    path = tmp_path / "lit.py"
    path.write_text(text)
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), str(path)]
        done = subprocess.run(ruff, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    assert text.split("# %% Lightning")[1].count("\n") < 65


def test_the_only_player(load: Any) -> None:
    module = load(written(*VAE))
    x = torch.randn(5, 3)
    lit = module.Lit(module.build({}), lr=1e-2, tighter=4)
    optimizer = lit.configure_optimizers()
    assert optimizer.defaults["lr"] == 1e-2
    assert {id(each) for each in optimizer.param_groups[0]["params"]} == {id(each) for each in lit.parameters()}
    for batch in (x, [x], (x, torch.zeros(5)), {"x": x}):  # of a TensorDataset, with labels, of a dict
        torch.manual_seed(0)
        loss = lit.training_step(batch, 0)
        torch.manual_seed(0)
        assert torch.equal(loss, lit.objective(x=x).loss) and loss.requires_grad
    assert lit.logged["train/loss"] == loss and "train/KL[q(z|x) || p(z)]" in lit.logged
    assert not any(each.requires_grad for each in lit.logged.values())
    lit.validation_step(x, 0)
    assert {"validation/loss", "validation/log p(x) >= (4 draws)"} < set(lit.logged)


def test_players_take_their_steps_in_turn(load: Any) -> None:
    module = load(gan())
    lit = module.Lit(module.build({"x": (2,)}), steps={"D": 3})
    lit.made = lit.configure_optimizers()
    taken = []
    for player, optimizer in zip(("D", "G"), lit.made, strict=True):
        optimizer.register_step_post_hook(lambda *given, player=player: taken.append(player))
        owned = {id(each) for each in optimizer.param_groups[0]["params"]}
        assert owned == {id(each) for each in getattr(lit.objective, player).parameters()}
    for index in range(6):
        lit.training_step(torch.randn(4, 2), index)
    assert taken == ["D", "D", "D", "G"] * 2
    assert "train/D: loss" in lit.logged and "train/G: loss" in lit.logged
    assert int(lit.state_dict()["batches"]) == 6 and not lit.automatic_optimization


def test_weights_are_clipped_and_targets_follow(load: Any) -> None:
    module = load(wasserstein())
    lit = module.Lit(module.build({"x": (3,)}), lr=1.0)
    lit.made = lit.configure_optimizers()
    lit.training_step(torch.randn(4, 3), 0)
    assert max(each.abs().max() for each in lit.objective.D.parameters()) <= 0.01
    module = load(averages())
    lit = module.Lit(module.build({"x": (3,)}), lr=1.0)
    lit.made = [lit.configure_optimizers()]
    before = {name: each.clone() for name, each in lit.objective.named_buffers()}
    lit.training_step(torch.randn(4, 3), 0).backward()
    lit.optimizer_step()
    assert any(not torch.equal(each, before[name]) for name, each in lit.objective.named_buffers())


def test_without_the_package_it_says_so(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning", None)
    with pytest.raises(ImportError, match="pip install lightning"):
        load(iwae())


BY_HAND = """
import sys, torch, warnings
warnings.simplefilter("ignore")
import lightning as L
import lit
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(40, {size})
loader = lambda: DataLoader(TensorDataset(x), batch_size=10)
one = lit.build({{"x": ({size},)}})
other = lit.build({{"x": ({size},)}})
other.load_state_dict(one.state_dict())
silent = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
trainer = L.Trainer(max_epochs=2, accelerator="cpu", num_sanity_val_steps=0, **silent)
torch.manual_seed(1)
trainer.fit(lit.Lit(one, **{options}), loader(), loader() if {validates} else None)
torch.manual_seed(1)
other(x=x[:10], **{first})  # its checks of the first batch draw nothing, so that the noise is the same
torch.manual_seed(1)
{loop}
assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values())), "other weights"
print(sorted(trainer.callback_metrics))
"""
ONE = """
optimizer = torch.optim.Adam(other.parameters(), lr=1e-3)
for epoch in range(2):
    for (batch,) in loader():
        optimizer.zero_grad()
        other(x=batch).loss.backward()
        optimizer.step()
"""
TWO = """
optimizers = {each: torch.optim.Adam(other.player_parameters(each), lr=1e-3) for each in ("D", "G")}
count = 0
for epoch in range(2):
    for (batch,) in loader():
        count += 1
        for player, optimizer in optimizers.items():
            if player == "D" or count % 2 == 0:
                optimizer.zero_grad()
                other(x=batch, player=player).loss.backward()
                optimizer.step()
"""


@pytest.mark.slow
@pytest.mark.parametrize("players", [False, True])
def test_lightning_takes_the_steps_of_a_loop_by_hand(players: bool, tmp_path: Path) -> None:
    pytest.importorskip("lightning")
    program = gan() if players else written(*VAE)
    (tmp_path / "lit.py").write_text(lightning(program, generate(program)))
    about: dict[str, Any] = {"size": 3, "options": "dict()", "first": "dict()", "loop": ONE, "validates": False}
    if players:
        about |= {"options": "dict(steps={'D': 2})", "first": "dict(player='D')", "loop": TWO}
    (tmp_path / "by_hand.py").write_text(BY_HAND.format(**about))
    kept = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "by_hand.py"], cwd=tmp_path, env={**os.environ, **kept}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert ("train/D: loss" if players else "train/KL[q(z|x) || p(z)]") in done.stdout
