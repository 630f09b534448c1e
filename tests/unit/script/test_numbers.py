"""The numbers of a run: from a file, as formulas of the step; and what they do to gradients and weights."""

from __future__ import annotations

import json
import math
import sys
import types
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch

Load = Callable[..., ModuleType]
FAST = ["--hidden", "8", "--epochs", "2", "--batch-size", "200"]


def state(path: str = "run/ckpt.pt") -> dict:
    return torch.load(path, weights_only=True)


def metrics(folder: str = "run") -> list[dict]:
    return [json.loads(line) for line in (Path(folder) / "metrics.jsonl").read_text().splitlines()]


def refused(module: ModuleType, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert module.main([*arguments, "--out-dir", "refused"]) == 2
    return capsys.readouterr().err.splitlines()[-1]


# -- a file of them ------------------------------------------------------------------------------------


def test_a_file_of_options(load: Load) -> None:
    Path("x.toml").write_text('beta = 4\nbatch-size = 32\nlr = "1e-3 * min(1, step / 10)"\nema = 0.9\namp = true\n')
    config = load("vae").parse(["--config", "x.toml", "--batch-size", "16"])
    assert (config.beta, config.batch_size, config.lr, config.ema, config.amp, config.epochs) == (
        *(4.0, 16, "1e-3 * min(1, step / 10)", 0.9, True, 50),
    )


def test_the_configuration_of_a_run_makes_it_again(load: Load) -> None:
    arguments = [*FAST, "--beta", "2 * min(1, step / 4)", "--no-compile", "--clip", "1", "--out-dir", "run"]
    assert load("vae").main(arguments) == 0
    assert load("vae").main(["--config", "run/config.json", "--out-dir", "again"]) == 0
    assert metrics("run") == metrics("again")
    assert load("vae").main(["--config", "run/config.json", "--resume", "auto"]) == 0  # the same folder, the same run


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("betta = 1", "--config x.toml: betta is no option; beta is"),
        ("[beta]\nx = 1", "--config x.toml: beta is no option"),
        ("beta = [1, 2]", "--config x.toml: beta is no option"),
        ("beta = = 1", "--config x.toml cannot be read"),
        ('beta = "step +"', "the formula of the step 'step +' at step 1"),
        ("beta = '__import__(\"os\")'", "at step 1"),
        ("beta = 'step.real'", "arithmetic is needed"),
        ("beta = '1 / (step - 1)'", "division by zero"),
        ("lr = 0.0", "--lr is positive"),
        ("ema = 1.0", "--ema is in [0, 1)"),
    ],
)
def test_a_file_that_says_nothing_sound(
    text: str, message: str, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("x.toml").write_text(text)
    assert message in refused(load("vae"), ["--config", "x.toml"], capsys)


def test_no_file(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    assert "No such file" in refused(load("vae"), ["--config", "none.toml"], capsys)


# -- formulas of the step ------------------------------------------------------------------------------


def test_annealing(load: Load) -> None:
    """In step s the weight is s/16, and the loss is made with it; a continued run knows where it is."""
    module = load("vae")
    update, seen = module.Run.update, []

    def watched(run: object, batch: object) -> None:
        update(run, batch)
        seen.append((run.objective.beta, run.optimizer.param_groups[0]["lr"]))

    module.Run.update = watched
    arguments = [*FAST, "--beta", "step / 16", "--lr", "1e-3 * (1 + cos(pi * step / 16)) / 2", "--out-dir", "run"]
    assert module.main(arguments) == 0
    assert seen == [(s / 16, 1e-3 * (1 + math.cos(math.pi * s / 16)) / 2) for s in range(1, 17)]
    line = metrics()[0]
    assert line["moved"]["beta"] == 8 / 16
    kept = line["validation"]
    assert kept["value"] == pytest.approx(kept["log p(x|z)"] - 8 / 16 * kept["KL[q(z|x) || p(z)]"], rel=1e-5)
    run = module.Run(module.parse(["--resume", "run/ckpt.pt"]), {"x": (64,)}, torch.device("cpu"))
    run.restore(Path("run/ckpt.pt"))
    assert run.objective.beta == 1.0


def test_each_player_has_a_rate_of_its_own(load: Load) -> None:
    assert load("gan").main([*FAST, "--lr-D", "1e-3 / step", "--out-dir", "run"]) == 0
    rates = {name: each["param_groups"][0]["lr"] for name, each in state()["optimizers"].items()}
    assert rates == {"D": 1e-3 / 16, "G": 1e-3}
    assert metrics()[-1]["moved"] == {"lr_D": 1e-3 / 16}


def test_a_formula_that_breaks_later_is_one_line(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    assert load("vae").main([*FAST, "--lr", "1e-3 / (12 - step)", "--out-dir", "run"]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert "at step 12: float division by zero" in line or "at step 12: division by zero" in line
    assert state("run/stopped.pt")["total"] == 11


def test_a_rate_that_falls_below_zero_is_one_line(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """Zero in the last step of all is fine."""
    assert load("vae").main([*FAST, "--lr", "1e-3 * (16 - step)", "--out-dir", "run"]) == 0
    assert load("vae").main(["--resume", "auto", "--epochs", "3", "--out-dir", "run"]) == 1
    assert "--lr is -0.001 at step 17" in capsys.readouterr().err.splitlines()[-1]


# -- gradients and weights -----------------------------------------------------------------------------


def test_the_norm_of_a_gradient_is_bounded(load: Load) -> None:
    for clip, least in (("0", 1.0), ("0.01", 0.0)):
        module = load("gaussian")
        run = module.Run(module.parse(["--data", "moons", "--clip", clip]), {"x": (2,)}, torch.device("cpu"))
        run.update({"x": 3 + torch.randn(50, 2)})  # the gradient that the step took stays
        norm = torch.cat([each.grad.flatten() for each in run.objective.parameters()]).norm().item()
        assert norm > least and (clip == "0" or norm == pytest.approx(0.01, rel=1e-3))


def test_the_average_of_the_weights(load: Load) -> None:
    """From the weights after the first step on, a <- 0.9 a + 0.1 w; validation and pictures use it."""
    module = load("gaussian")
    run = module.Run(module.parse(["--data", "moons", "--ema", "0.9"]), {"x": (2,)}, torch.device("cpu"))
    x, expected = torch.randn(40, 2), {}
    for _ in range(4):
        run.update({"x": x})
        now = {name: value.detach().clone() for name, value in run.objective.named_parameters()}
        expected = {name: 0.9 * expected[name] + 0.1 * now[name] for name in now} if expected else now
    found = dict(run.shown.named_parameters())
    assert run.shown is not run.objective
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)
    assert not torch.equal(found["q_z_given_x.loc.weight"], run.objective.q_z_given_x.loc.weight)


def test_what_is_loaded_is_the_average(load: Load) -> None:
    from formula2dgm.trained import load as loaded

    assert load("compiled_points").main([*FAST, "--data", "moons", "--ema", "0.5", "--out-dir", "run"]) == 0
    torch.manual_seed(7)
    before = torch.get_rng_state()
    weights = loaded("run").state_dict()
    assert torch.equal(before, torch.get_rng_state())
    averaged = state()["averaged"]
    assert all(torch.equal(value, averaged[f"module.{name}"]) for name, value in weights.items())
    assert not torch.equal(weights["q_z_given_x.loc.weight"], state()["objective"]["q_z_given_x.loc.weight"])


def test_networks_compute_in_bfloat16_and_the_formula_in_float32(load: Load) -> None:
    module = load("gaussian")
    seen: dict[str, set[torch.dtype]] = {"inside": set(), "outside": set()}
    run = module.Run(module.parse(["--data", "moons", "--amp", "--ema", "0.9"]), {"x": (2,)}, torch.device("cpu"))
    for objective in (run.objective, run.shown):
        objective.q_z_given_x.loc.register_forward_hook(lambda layer, given, out: seen["inside"].add(out.dtype))
        objective.q_z_given_x.register_forward_hook(
            lambda layer, given, out: seen["outside"].update(each.dtype for each in out.values())
        )
    x = torch.randn(40, 2)
    run.update({"x": x})
    run.shown(x=x)
    assert seen == {"inside": {torch.bfloat16}, "outside": {torch.float32}}
    assert all(each.dtype == each.grad.dtype == torch.float32 for each in run.objective.parameters())
    assert run.shown(x=x).loss.dtype == torch.float32
    plain = module.Run(module.parse(["--data", "moons"]), {"x": (2,)}, torch.device("cpu"))
    assert list(plain.objective.state_dict()) == list(run.objective.state_dict())


# -- boards --------------------------------------------------------------------------------------------


def test_boards_get_every_number(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a continued run goes on in its own curves."""
    told: list[tuple] = []

    class Board:
        def log(self, values: dict, step: int) -> None:
            told.append((step, values))

    def init(**given: object) -> Board:
        told.append(("init", given["id"], given["project"], given["resume"]))
        return Board()

    monkeypatch.setitem(sys.modules, "wandb", types.SimpleNamespace(init=init))
    for epochs in ("1", "2"):
        arguments = [*FAST, "--epochs", epochs, "--wandb", "mine", "--resume", "auto", "--out-dir", "run"]
        assert load("gaussian").main([*arguments, "--data", "moons"]) == 0
    (_, first, project, _), one, (_, second, _, resume), two = told
    assert (first, project, resume) == (second, "mine", "allow")
    assert (one[0], two[0]) == (1, 2)
    assert one[1]["train/loss"] == metrics()[0]["train"]["loss"]
    assert {"train/log p(x|z)", "validation/KL[q(z|x) || p(z)]"} <= two[1].keys()


def test_a_board_that_breaks_stops_nothing(
    load: Load, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Board:
        def log(self, values: dict, step: int) -> None:
            raise ConnectionError("the network is down")

    monkeypatch.setitem(sys.modules, "wandb", types.SimpleNamespace(init=lambda **given: Board()))
    assert load("gaussian").main([*FAST, "--data", "moons", "--wandb", "mine", "--out-dir", "run"]) == 0
    assert "a board did not take epoch 2: the network is down" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "wandb", types.SimpleNamespace(init=lambda **given: 1 / 0))
    assert "--wandb mine: division by zero" in refused(load("gaussian"), ["--wandb", "mine", "--data", "moons"], capsys)


def test_a_board_that_is_not_installed_is_one_line(
    load: Load, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    monkeypatch.setitem(sys.modules, "wandb", None)
    for board in (["--tensorboard"], ["--wandb", "mine"]):
        line = refused(load("gaussian"), [*FAST, "--data", "moons", *board], capsys)
        assert "--tensorboard and --wandb need packages of their own" in line


def test_tensorboard_gets_every_number(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple] = []

    class Writer:
        def __init__(self, folder: str, purge_step: int) -> None:
            told.append((Path(folder).name, purge_step))

        def add_scalar(self, name: str, value: float, epoch: int) -> None:
            told.append((name, value, epoch))

        def flush(self) -> None:
            told.append(("flushed",))

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", types.SimpleNamespace(SummaryWriter=Writer))
    assert load("gaussian").main([*FAST, "--data", "moons", "--tensorboard", "--out-dir", "run"]) == 0
    assert told[0] == ("tensorboard", 1) and told[-1] == ("flushed",)
    assert ("validation/loss", metrics()[1]["validation"]["loss"], 2) in told
