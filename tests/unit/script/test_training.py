"""Training in memory, and running a script from Python."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from formula2dgm.diagnostics import FormulaError
from formula2dgm.runtime.runs import train
from formula2dgm.runtime.training import fit
from formula2dgm.trained import load


class Output(NamedTuple):
    loss: Tensor
    value: Tensor
    terms: dict[str, Tensor]


class Input(NamedTuple):
    name: str


class Square(nn.Module):
    """min over m of the mean of (x - m)^2: its minimum is at the mean of the data."""

    players: tuple[str, ...] = ()
    inputs = (Input("x"),)

    def __init__(self) -> None:
        super().__init__()
        self.m = nn.Parameter(torch.zeros(()))

    def forward(self, data: Mapping[str, Tensor]) -> Output:
        square = ((data["x"] - self.m) ** 2).mean()
        return Output(square, square, {"square": square.detach()})


class Duel(nn.Module):
    """a minimises (a - b)^2, b minimises (b - 3)^2: two players."""

    players = ("a", "b")

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))

    def player_parameters(self, player: str) -> list[nn.Parameter]:
        return [getattr(self, player)]

    def forward(self, data: Mapping[str, Tensor], player: str) -> Output:
        loss = (self.a - self.b.detach()) ** 2 if player == "a" else (self.b - 3) ** 2
        return Output(loss, loss, {"square": loss.detach()})


def test_fit_finds_the_minimum_and_keeps_a_history(capsys: pytest.CaptureFixture[str]) -> None:
    objective, x = Square(), torch.tensor([1.0, 2.0, 3.0, 6.0]).repeat(16)
    history = fit(objective, x, epochs=300, batch_size=64, lr=0.05)
    assert objective.m.item() == pytest.approx(3.0, abs=0.05)
    assert history[-1]["loss"] == pytest.approx(3.5, abs=0.01)  # the variance of the data
    assert len(history) == 300 and list(history[0]) == ["loss", "value", "square"]
    assert len(capsys.readouterr().err.splitlines()) == 300


def test_fit_gives_each_player_an_optimiser_of_its_own() -> None:
    objective = Duel()
    history = fit(objective, {"x": torch.zeros(64, 1)}, epochs=200, lr=0.1, progress=False)
    assert objective.a.item() == pytest.approx(3.0, abs=0.05) and objective.b.item() == pytest.approx(3.0, abs=0.05)
    assert list(history[0]) == ["a: loss", "a: value", "a: square", "b: loss", "b: value", "b: square"]


def test_fit_is_reproducible_and_pairs_what_is_equally_long() -> None:
    seen: list[dict[str, Tensor]] = []

    class Watching(Square):
        inputs = (Input("x"), Input("y"), Input("u"))

        def forward(self, data: Mapping[str, Tensor]) -> Output:
            seen.append(dict(data))
            return super().forward(data)

    data = {"x": torch.arange(10.0), "y": torch.arange(10.0) + 100, "u": torch.arange(4.0)}
    for _ in range(2):
        fit(Watching(), data, epochs=2, batch_size=4, progress=False)
    assert len(seen) == 2 * 2 * 2  # the rest of two examples fills no batch
    assert all(torch.equal(batch["x"] + 100, batch["y"]) for batch in seen)
    assert all(torch.equal(seen[i]["x"], seen[i + 4]["x"]) for i in range(4))
    assert not torch.equal(seen[0]["x"], seen[2]["x"])


@pytest.mark.parametrize("data", [{}, {"x": torch.zeros(0, 2)}, {"x": torch.tensor(1.0)}])
def test_fit_refuses_data_without_a_batch(data: dict[str, Tensor]) -> None:
    with pytest.raises(FormulaError, match="F2D-0681"):
        fit(Square(), data)


def test_fit_refuses_a_number_that_is_not_finite_before_the_weights_see_it() -> None:
    objective = Square()
    with pytest.raises(FormulaError, match="F2D-0682.*epoch 1, step 1: loss is nan"):
        fit(objective, torch.full((4,), torch.nan), progress=False)
    assert objective.m.item() == 0


SCRIPT = """\
import json, sys
print(json.dumps(sys.argv[1:]), file=open(sys.argv[0] + ".json", "w"))
sys.exit(7)
"""


def test_train_runs_the_script_from_the_folder_of_the_run(tmp_path: Path) -> None:
    nets = tmp_path / "nets.py"
    nets.write_text("a = 1\n")
    assert train(SCRIPT, ["--epochs", "2"], tmp_path / "run", [nets]) == 7
    assert (tmp_path / "run" / "model.py").read_text() == SCRIPT
    assert (tmp_path / "run" / "nets.py").read_text() == "a = 1\n"
    arguments = json.loads((tmp_path / "run" / "model.py.json").read_text())
    assert arguments == ["--epochs", "2", "--out-dir", str(tmp_path / "run")]


WAITING = """\
import signal, sys, time
def stop(number, frame):
    sys.exit(130)
signal.signal(signal.SIGTERM, stop)
print("ready", file=open(sys.argv[0] + ".ready", "w"), flush=True)
time.sleep(60)
"""


def test_train_passes_on_what_ends_it(tmp_path: Path) -> None:
    """Where this process alone is asked to stop, the script is, too, and saves."""

    def ask() -> None:
        while not (tmp_path / "run" / "model.py.ready").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    threading.Thread(target=ask, daemon=True).start()
    assert train(WAITING, [], tmp_path / "run") == 130
    assert signal.getsignal(signal.SIGTERM) is before


def test_train_refuses_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FormulaError, match="F2D-0684"):
        train(SCRIPT, [], tmp_path / "file" / "run")


@pytest.fixture
def run(scripts: dict[str, str], tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "run"
    arguments = ["--epochs", "2", "--hidden", "8", "--batch-size", "400", "--beta", "3"]
    assert train(scripts["compiled_pictures"], arguments, folder) == 0
    yield folder


@pytest.mark.slow
def test_a_run_is_loaded_with_its_weights_and_numbers(run: Path) -> None:
    objective: Any = load(run)
    state = torch.load(run / "ckpt.pt", weights_only=True)["objective"]
    assert all(torch.equal(value, state[name]) for name, value in objective.state_dict().items())
    assert objective.beta == 3 and not objective.training
    assert objective.sample(5)["x"].shape == (5, 64)
    assert str(run) not in sys.path


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_what_is_no_run_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormulaError, match="F2D-0683"):
        load(tmp_path / name)
