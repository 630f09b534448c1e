"""What a run survives: signals, a disk that is full, numbers that are not finite; and what it says then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

Load = Callable[..., ModuleType]
FAST = ["--hidden", "8", "--epochs", "3", "--batch-size", "200"]


def state(path: str) -> dict:
    return torch.load(path, weights_only=True)


def after(module: ModuleType, steps: int, act: Callable[[object], None]) -> None:
    """Do something before a step of a run, counted from 1."""
    update, count = module.Run.update, 0

    def counted(run: object, batch: object) -> None:
        nonlocal count
        count += 1
        if count == steps:
            act(run)
        update(run, batch)

    module.Run.update = counted


# -- signals -------------------------------------------------------------------------------------------


def test_a_terminated_run_saves_and_continues_bit_for_bit(load: Load) -> None:
    assert load("vae").main([*FAST, "--out-dir", "whole"]) == 0
    module = load("vae")
    after(module, 5, lambda run: os.kill(os.getpid(), signal.SIGTERM))
    assert module.main([*FAST, "--out-dir", "parts"]) == 130
    assert state("parts/ckpt.pt")["total"] == 5
    assert load("vae").main(["--resume", "auto", "--out-dir", "parts"]) == 0
    whole, parts = state("whole/ckpt.pt"), state("parts/ckpt.pt")
    assert all(torch.equal(value, parts["objective"][name]) for name, value in whole["objective"].items())


def test_checkpoints_between_epochs(load: Load) -> None:
    """An epoch is 8 steps: a run that dies in its twelfth keeps ten."""
    module = load("gaussian")
    after(module, 12, lambda run: (_ for _ in ()).throw(ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        module.main([*FAST, "--data", "moons", "--checkpoint-every", "5", "--out-dir", "run"])
    assert state("run/ckpt.pt")["total"] == 10
    found = state("run/ckpt.pt")
    assert {"objective", "optimizer", "averaged", "noise", "config", "formula", "epoch_order"} <= found.keys()
    assert "E_q(z|x)" in found["formula"]


def test_the_noise_of_python_is_kept_too(load: Load) -> None:
    """A network of the user's may draw with ``random``."""
    module = load("gaussian")
    config = module.parse(["--seed", "3", "--out-dir", "run"])
    run = module.Run(config, {"x": (2,)}, torch.device("cpu"))
    Path("run").mkdir()
    module.random.random()
    run.save()
    expected = module.random.random(), torch.rand(2)
    module.random.seed(0)
    run.restore(Path("run/ckpt.pt"))
    assert module.random.random() == expected[0] and torch.equal(torch.rand(2), expected[1])


def test_no_checkpoint_of_earlier_runs_is_lost(load: Load) -> None:
    for _ in range(3):
        assert load("gaussian").main([*FAST, "--data", "moons", "--epochs", "1", "--out-dir", "run"]) == 0
    assert {"ckpt.pt", "ckpt.old.pt", "ckpt.old1.pt"} <= {path.name for path in Path("run").iterdir()}


# -- the disk ------------------------------------------------------------------------------------------


def test_a_full_disk_stops_nothing_and_breaks_nothing(
    scripts: dict[str, str], tmp_path: Path, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files may grow to 8 KB: no checkpoint fits. With room again the run goes on from the last one."""
    assert load("gaussian").main([*FAST, "--data", "moons", "--epochs", "4", "--out-dir", "whole"]) == 0
    assert load("gaussian").main([*FAST, "--data", "moons", "--epochs", "1", "--out-dir", "run"]) == 0
    before = Path("run/ckpt.pt").read_bytes()
    resource = pytest.importorskip("resource")
    command = [sys.executable, "gaussian.py", "--epochs", "4", "--resume", "auto", "--out-dir", "run"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)),
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert done.stderr.count("ckpt.pt cannot be written") == 3
    assert "the end of this run is in no checkpoint" in done.stderr.splitlines()[-1]
    assert Path("run/ckpt.pt").read_bytes() == before
    assert not [path for path in Path("run").iterdir() if path.suffix == ".half"]
    assert load("gaussian").main(["--epochs", "4", "--resume", "auto", "--out-dir", "run"]) == 0
    assert Path("run/metrics.jsonl").read_text() == Path("whole/metrics.jsonl").read_text()


def test_a_line_that_could_not_be_written_is_written_later(
    load: Load, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = load("gaussian")
    opened, full = Path.open, [True]

    def open_(path: Path, mode: str = "r", **named: object) -> object:
        if mode == "ab" and full:
            full.pop()
            raise OSError(28, "No space left on device")
        return opened(path, mode, **named)

    monkeypatch.setattr(Path, "open", open_)
    assert module.main([*FAST, "--data", "moons", "--out-dir", "run"]) == 0
    assert "metrics.jsonl cannot be written: [Errno 28] No space left" in capsys.readouterr().err
    assert [json.loads(line)["epoch"] for line in Path("run/metrics.jsonl").read_text().splitlines()] == [1, 2, 3]


# -- numbers that are not finite ------------------------------------------------------------------------


def spoiled(run: object) -> None:
    """One weight of the decoder is not finite any more."""
    with torch.no_grad():
        next(run.objective.p_x_given_z.parameters())[0, 0] = torch.nan


def test_a_loss_that_is_not_finite_says_its_term_and_layer(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    module = load("gaussian")
    after(module, 4, spoiled)
    assert module.main([*FAST, "--data", "moons", "--out-dir", "run"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "error: epoch 1, step 4: log p(x|z) is nan: p_x_given_z.body.0 returned it" in error
    assert "weights p_x_given_z.body.0.weight, of at most nan" in error
    assert "KL" not in error and not Path("run/stopped.pt").exists()


class Root(nn.Module):
    """Its value is finite at 0, its slope is not."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.ones(()))

    def forward(self, z: torch.Tensor) -> dict[str, torch.Tensor]:
        loc = (self.w - 1).abs().sqrt() * z[:, :2]
        return {"loc": loc, "scale": torch.ones_like(loc)}


def test_a_gradient_that_is_not_finite_never_reaches_the_weights(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was before the step is kept, and goes on from there."""
    module = load("gaussian")
    make = module.make
    module.make = lambda config, shapes: setattr(made := make(config, shapes), "p_x_given_z", Root()) or made
    assert module.main([*FAST, "--data", "moons", "--out-dir", "run"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "epoch 1, step 1: the norm of the gradient is nan" in error
    assert "returned nan values" in error and "--resume it" in error
    kept = state("run/stopped.pt")
    assert kept["total"] == 0 and kept["objective"]["p_x_given_z.w"] == 1 and not kept["sums"]


def test_weights_that_are_not_finite_are_in_no_checkpoint(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """Spoiled by the last step of an epoch, which no loss shows any more."""
    module = load("gaussian")
    moved = module.Run.update

    def update(run: object, batch: object) -> None:
        moved(run, batch)
        if run.total == 16:
            spoiled(run)

    module.Run.update = update
    arguments = [*FAST, "--data", "moons", "--batch-size", "225", "--out-dir", "run"]
    assert module.main(arguments) == 1
    assert "the weights p_x_given_z.body.0.weight are not finite" in capsys.readouterr().err
    assert state("run/ckpt.pt")["epoch"] == 1


def test_what_was_before_a_bad_step_goes_on_bit_for_bit(load: Load) -> None:
    """As if a cosmic ray had struck once."""
    assert load("gaussian").main([*FAST, "--data", "moons", "--out-dir", "whole"]) == 0
    module = load("gaussian")
    finite = module.Run.finite

    def struck(run: object, values: dict[str, float]) -> dict[str, float]:
        return finite(run, {**values, "loss": float("nan")} if run.total == 12 else values)

    module.Run.finite = struck
    assert module.main([*FAST, "--data", "moons", "--out-dir", "run"]) == 1
    assert state("run/stopped.pt")["total"] == 12 and state("run/ckpt.pt")["epoch"] == 1
    assert load("gaussian").main(["--resume", "run/stopped.pt", "--out-dir", "again"]) == 0
    whole, again = state("whole/ckpt.pt"), state("again/ckpt.pt")
    assert all(torch.equal(value, again["objective"][name]) for name, value in whole["objective"].items())
    assert Path("again/metrics.jsonl").read_text() == Path("whole/metrics.jsonl").read_text()


def test_a_validation_that_is_not_finite_is_null_in_json(load: Load) -> None:
    module = load("gaussian")
    evaluate = module.evaluate
    module.evaluate = lambda *given: {name: float("inf") for name in evaluate(*given)}
    assert module.main([*FAST, "--data", "moons", "--out-dir", "run"]) == 0
    line = json.loads(Path("run/metrics.jsonl").read_text().splitlines()[0], parse_constant=pytest.fail)
    assert line["validation"]["loss"] is None and isinstance(line["train"]["loss"], float)
    assert Path("run/loss.png").exists()


def test_a_full_disk_beside_a_bad_step_promises_nothing(
    load: Load, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = load("gaussian")

    def full(path: Path, write: object) -> None:
        raise OSError(28, "No space left on device")

    def act(run: object) -> None:
        module.put = full
        raise torch.OutOfMemoryError("CUDA out of memory.")

    after(module, 11, act)
    assert module.main([*FAST, "--data", "moons", "--out-dir", "run"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "what was before this step is lost: ckpt.pt is what there is" in error
    assert state("run/ckpt.pt")["epoch"] == 1


def test_too_little_memory_is_one_line(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    module = load("gaussian")

    def full(run: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    after(module, 11, full)
    assert module.main([*FAST, "--data", "moons", "--out-dir", "run"]) == 1
    assert "CUDA out of memory" in capsys.readouterr().err.splitlines()[-1]
    assert state("run/stopped.pt")["total"] == 10
