"""``f2d.fit`` as a run: the same steps as a script's, continued bit for bit, loaded again, watched."""

from __future__ import annotations

import copy
import importlib.util
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm.cli.main import main

FORMULA = [
    "E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)]",
    "p(x|z) = N(x; f(z), sigma^2 I)",
    "z in R^3",
    "x in R^5",
    "beta = 1",
    "sigma = 0.5",
]


def vae() -> f2d.Objective:
    torch.manual_seed(0)
    return f2d.compile(FORMULA, scaffold=True)


def game() -> f2d.Objective:
    torch.manual_seed(0)
    text = [r"\min_G \max_D E_{p_{data}(x)}[D(x)] - E_{p(z)}[D(G(z))]", r"\theta_D \in [-0.05, 0.05]"]
    prior = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)
    return f2d.compile(text, {"D": nn.Linear(5, 1), "G": nn.Linear(2, 5), "p(z)": prior})


def data(count: int = 40) -> Tensor:
    return torch.randn(count, 5, generator=torch.Generator().manual_seed(1))


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


# -- the script and fit -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "options"),
    [
        ([], {}),
        (
            ["--ema", "0.9", "--clip", "0.5", "--lr", "1e-2 / step", "--beta", "min(1, step / 7)"],
            {"ema": 0.9, "clip": 0.5, "lr": "1e-2 / step", "numbers": {"beta": lambda step: min(1, step / 7)}},
        ),
    ],
    ids=["plain", "everything"],
)
def test_a_fit_is_a_scripts_run_to_the_bit(
    flags: list[str], options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    Path("model.txt").write_text("\n".join(FORMULA))
    torch.save({"x": data(60)}, "x.pt")
    assert main(["compile", "model.txt", "-o", "model.py"]) == 0
    spec = importlib.util.spec_from_file_location("script_beside_fit", "model.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    common = ["--data", "x.pt", "--epochs", "3", "--batch-size", "8", "--seed", "3", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["model.py"])
    assert module.main([*common, *flags, "--out-dir", "script"]) == 0
    for number, handler in handlers.items():
        signal.signal(number, handler)

    config = module.parse([*common, *flags])
    train, kept = module.split(module.prepare(config), config)
    objective = vae()
    run = module.Run(config, {"x": (5,)}, torch.device("cpu"))  # the weights and the noise that the script began with
    objective.load_state_dict(run.objective.state_dict())
    history = f2d.fit(
        objective, train, validation=kept, epochs=3, batch_size=8, seed=3, out_dir="fit", progress=False, **options
    )
    script, fit = (torch.load(f"{name}/ckpt.pt", weights_only=True) for name in ("script", "fit"))
    assert all(torch.equal(value, script["objective"][name]) for name, value in fit["objective"].items())
    lines = [[json.loads(line) for line in Path(f"{name}/metrics.jsonl").open()] for name in ("script", "fit")]
    assert [each["train"] for each in lines[0]] == [each["train"] for each in lines[1]]
    assert [each["validation"] for each in lines[0]] == [each["validation"] for each in lines[1]]
    assert [each.get("moved") for each in lines[0]] == [each.get("moved") for each in lines[1]]
    assert history.curve("loss") == [each["train"]["loss"] for each in lines[0]]
    assert same(f2d.load("script"), f2d.load("fit"))
    if history.averaged is not None:
        assert same(history.averaged, f2d.load("fit")) and not same(objective, f2d.load("fit"))


# -- continued ---------------------------------------------------------------------------------------


class StopAt:
    def __init__(self, step: int):
        self.step = step

    def on_step(self, step: int, numbers: dict[str, float]) -> bool:
        return step == self.step


@pytest.mark.parametrize("stop", [3, 5, 8, 11])
@pytest.mark.parametrize("make", [vae, game])
def test_a_continued_training_is_the_one_that_was_never_stopped(make: Any, stop: int, tmp_path: Path) -> None:
    options: dict[str, Any] = {"epochs": 3, "batch_size": 8, "ema": 0.5, "progress": False}
    options |= {"steps": {"D": 3}} if make is game else {"numbers": {"beta": "step / 10"}, "lr": "1e-2 / step"}
    whole, parts, again = make(), make(), make()
    torch.manual_seed(5)
    expected = f2d.fit(whole, data(), **options)
    torch.manual_seed(5)
    first = f2d.fit(parts, data(), out_dir=tmp_path, callback=StopAt(stop), **options)
    assert first.stopped and len(first) == stop // 5 - (stop == 5)
    torch.manual_seed(99)
    with torch.no_grad():
        next(again.parameters()).add_(1)
    found = f2d.fit(again, data(), out_dir=tmp_path, resume=True, **options)
    assert same(whole, again) and same(expected.averaged, found.averaged)
    assert list(expected) == list(found) and not found.stopped
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 3


TRAINING = """
import sys, time, torch, formula2dgm as f2d

torch.set_num_threads(1)
torch.manual_seed(0)
text = "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]; z in R^2; x in R^5"
objective = f2d.compile(text, scaffold=True)
x = torch.randn(40, 5, generator=torch.Generator().manual_seed(1))

class Ready:
    def on_step(self, step, numbers):
        print(step, flush=True)
        time.sleep(0.002)

f2d.fit(objective, x, epochs=30, batch_size=8, ema=0.9, out_dir=sys.argv[1], resume=True, checkpoint_every=3,
        callback=Ready(), progress=False)
"""


@pytest.mark.slow
def test_a_training_that_is_killed_at_any_instant_goes_on(tmp_path: Path) -> None:
    """SIGKILL, five times at instants drawn at random: the end is that of the training that was never killed."""
    command = [sys.executable, "-c", TRAINING]
    environment = {**os.environ, "PYTHONPATH": str(Path(f2d.__file__).parents[1])}
    subprocess.run([*command, str(tmp_path / "whole")], env=environment, check=True, stdout=subprocess.DEVNULL)
    chance = random.Random(0)
    for _ in range(5):
        process = subprocess.Popen([*command, str(tmp_path / "parts")], env=environment, stdout=subprocess.PIPE)
        assert process.stdout is not None
        if not process.stdout.readline():  # the last one was killed at its very end
            assert process.wait() == 0
            break
        time.sleep(chance.uniform(0, 0.3))
        process.kill()
        process.wait()
    subprocess.run([*command, str(tmp_path / "parts")], env=environment, check=True, stdout=subprocess.DEVNULL)
    whole, parts = (torch.load(tmp_path / each / "ckpt.pt", weights_only=True) for each in ("whole", "parts"))
    assert whole["total"] == parts["total"] == 150
    for kind in ("objective", "averaged"):
        assert all(torch.equal(value, parts[kind][name]) for name, value in whole[kind].items())
    lines = [(tmp_path / each / "metrics.jsonl").read_text() for each in ("whole", "parts")]
    assert lines[0] == lines[1]


def test_a_run_of_ones_own_networks_is_loaded_and_goes_on(tmp_path: Path) -> None:
    def bindings() -> dict[str, Any]:
        return {"p(x|y)": f2d.Normal(loc=nn.Linear(2, 5), scale=1.0), "alpha": 2.0}

    rows = {"x": data(), "y": data()[:, :2]}
    objective = f2d.compile("alpha log p(x|y)", bindings())
    f2d.fit(objective, rows, epochs=2, out_dir=tmp_path, progress=False, numbers={"alpha": "3 + step"})
    loaded = f2d.load(tmp_path, bindings())
    assert same(objective, loaded) and loaded.alpha == 5
    assert f2d.evaluate(loaded, rows) == f2d.evaluate(objective, rows)
    assert (tmp_path / "model.py").read_text() == objective.source
    f2d.fit(objective, rows, epochs=1, out_dir=tmp_path, progress=False)
    assert (tmp_path / "ckpt.old.pt").exists()


def test_checkpoints_between_epochs(tmp_path: Path) -> None:
    seen: list[int] = []

    class Look:
        def on_step(self, step: int, numbers: dict[str, float]) -> None:
            if (tmp_path / "ckpt.pt").exists():
                seen.append(torch.load(tmp_path / "ckpt.pt", weights_only=True)["total"])

    options: dict[str, Any] = {"epochs": 1, "batch_size": 4, "progress": False}
    f2d.fit(vae(), data(), out_dir=tmp_path, checkpoint_every=3, callback=Look(), **options)
    assert seen == [3, 3, 3, 6, 6, 6, 9] and not list(tmp_path.glob("*.half"))


def test_ctrl_c_ends_a_run_after_its_step_with_a_checkpoint(tmp_path: Path) -> None:
    class Press:
        def on_step(self, step: int, numbers: dict[str, float]) -> None:
            if step == 4:
                os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        f2d.fit(vae(), data(), epochs=9, batch_size=8, out_dir=tmp_path, callback=Press(), progress=False)
    total = torch.load(tmp_path / "ckpt.pt", weights_only=True)["total"]
    assert total in (4, 5) and signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"data": data(41)}, "examples"),
        ({"seed": 1}, "seed"),
        ({"batch_size": 7}, "batch_size"),
        ({"ema": 0.5}, "ema"),
        ({"objective": f2d.compile([*FORMULA[:-1], "sigma = 2"], scaffold=True)}, "another formula"),
        ({"optimizer": torch.optim.SGD}, "optimizer"),
    ],
)
def test_another_training_is_not_continued(changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"epochs": 1, "batch_size": 8, "out_dir": tmp_path, "progress": False}
    f2d.fit(vae(), data(), **options)
    given = {"objective": vae(), "data": data(), **options, "epochs": 2, "resume": True, **changed}
    with pytest.raises(f2d.FormulaError, match=f"F2D-0695.*{message}"):
        f2d.fit(**given)


def test_averaged_weights_are_a_model_of_their_own() -> None:
    objective = vae()
    history = f2d.fit(objective, data(), epochs=2, ema=0.5, progress=False)
    bound = "E_q(z|x)[log p(x|z)]"
    first, averaged = (f2d.compile(bound, weights_of=each) for each in (objective, history.averaged))
    assert not torch.equal(first.q_z_given_x.loc.weight, averaged.q_z_given_x.loc.weight)
    assert averaged.q_z_given_x.loc.weight is history.averaged.q_z_given_x.loc.weight


def test_a_compiled_objective_is_trained_with_a_number_that_moves() -> None:
    objective = vae()
    objective.compile(backend="eager")
    f2d.fit(objective, data(), epochs=2, batch_size=8, numbers={"beta": "step / 10"}, progress=False)
    assert objective.beta == pytest.approx(1.0)


# -- watched -----------------------------------------------------------------------------------------


def test_steps_and_epochs_are_told_in_order() -> None:
    told: list[str] = []

    class Both:
        def on_step(self, step: int, numbers: dict[str, float]) -> None:
            told.append(f"step {step} {sorted(numbers)[0]}")

        def on_epoch(self, epoch: int, entry: dict[str, float]) -> None:
            told.append(f"epoch {epoch}")

    def plain(epoch: int, entry: dict[str, float]) -> None:
        told.append(f"also {epoch}")

    f2d.fit(vae(), data(16), epochs=2, batch_size=8, callback=[Both(), plain], progress=False)
    steps = [f"step {each} KL[q(z|x) || p(z)]" for each in (1, 2, 3, 4)]
    assert told == [*steps[:2], "epoch 1", "also 1", *steps[2:], "epoch 2", "also 2"]


def test_a_number_that_is_not_finite_is_traced_to_its_layer() -> None:
    class Breaks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(5, 3)

        def forward(self, x: Tensor) -> Tensor:
            return torch.log(self.inner(x) - 1e6)

    net = Breaks()
    objective = f2d.compile("log p(y|x)", {"p(y|x)": f2d.Normal(loc=nn.Sequential(nn.Identity(), net), scale=1.0)})
    objective.check_values = False
    with pytest.raises(f2d.FormulaError, match=r"F2D-0682.*log p\(y\|x\) is nan: p_y_given_x_loc.1 returned it"):
        f2d.fit(objective, {"x": data(), "y": data()[:, :3]}, progress=False)


def test_a_gradient_that_is_not_finite_stops_before_the_weights() -> None:
    class Root(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.zeros(3))

        def forward(self, x: Tensor) -> Tensor:
            return torch.sqrt(self.w**2) + x[:, :3]

    net = Root()
    objective = f2d.compile("log p(y|x)", {"p(y|x)": f2d.Normal(loc=net, scale=1.0)})
    before = copy.deepcopy(net.state_dict())
    with pytest.raises(f2d.FormulaError, match="F2D-0682.*the norm of the gradient is nan"):
        f2d.fit(objective, {"x": data(), "y": data()[:, :3]}, progress=False)
    assert torch.equal(net.w, before["w"])


def test_a_clipped_gradient_is_that_of_the_loop_by_hand() -> None:
    objective = vae()
    own = copy.deepcopy(objective)
    f2d.fit(objective, data(8), epochs=1, batch_size=8, clip=0.01, lr=0.1, optimizer=torch.optim.SGD, progress=False)
    moved = [a - b for a, b in zip(objective.parameters(), own.parameters(), strict=True)]
    norm = math.sqrt(sum(each.pow(2).sum().item() for each in moved))
    assert norm == pytest.approx(0.1 * 0.01, rel=1e-3)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"clip": -1.0}, "F2D-0694"),
        ({"ema": 1.0}, "F2D-0694"),
        ({"numbers": {"gamma": 1.0}}, "F2D-0694.*is no number of the formula.*beta"),
        ({"callback": 3}, "F2D-0694.*no function"),
        ({"resume": True}, "F2D-0694.*out_dir"),
        ({"lr": "step."}, "F2D-0691"),
        ({"lr": "__import__('os').getpid()"}, "F2D-0691.*arithmetic"),
        ({"lr": "1e-3 - step"}, "F2D-0691.*learning rate"),
        ({"lr": -1.0}, "F2D-0691.*learning rate"),
        ({"lr": lambda step: math.nan}, "F2D-0691.*it is nan"),
        ({"out_dir": "/proc/none"}, "F2D-0684"),
    ],
)
def test_an_option_that_cannot_be_is_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(f2d.FormulaError, match=f"(?s){code}"):
        f2d.fit(vae(), data(), progress=False, **options)
