"""Running a script: what it writes, what it continues, what it refuses."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

import formula2dgm as f2d

Load = Callable[..., ModuleType]
FAST = ["--hidden", "8", "--epochs", "3", "--batch-size", "200"]


def metrics(folder: str | Path) -> list[dict]:
    return [json.loads(line) for line in (Path(folder) / "metrics.jsonl").read_text().splitlines()]


def weights(folder: str | Path) -> dict[str, torch.Tensor]:
    return torch.load(Path(folder) / "ckpt.pt", weights_only=True)["objective"]


def same(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


# -- a whole run ---------------------------------------------------------------------------------------


def test_a_run_leaves_everything_in_its_folder(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    assert load("vae").main([*FAST, "--beta", "4", "--out-dir", "run"]) == 0
    names = {path.name for path in Path("run").iterdir()}
    assert names == {
        *("ckpt.pt", "config.json", "metrics.jsonl", "model.py"),
        *("latents.png", "loss.png", "reconstructions.png", "samples.png"),
    }
    assert json.loads(Path("run/config.json").read_text())["beta"] == 4.0
    lines = metrics("run")
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    for part in ("train", "validation"):
        assert list(lines[0][part]) == ["loss", "value", "log p(x|z)", "KL[q(z|x) || p(z)]"]
        for line in lines:
            bound = line[part]["log p(x|z)"] - 4 * line[part]["KL[q(z|x) || p(z)]"]
            assert line[part]["value"] == pytest.approx(bound, rel=1e-5)
            assert line[part]["loss"] == pytest.approx(-bound, rel=1e-5)
    assert lines[-1]["validation"]["loss"] < lines[0]["validation"]["loss"]
    captured = capsys.readouterr()
    assert "--beta 4.0" in captured.out and "--out-dir run" in captured.out
    assert "42% of its values lie strictly between 0 and 1" in captured.err
    assert len([line for line in captured.err.splitlines() if line.startswith("epoch ")]) == 3


def test_grey_pixels_are_binarised_by_their_own_probability(load: Load) -> None:
    module = load("vae")
    grey = module.load("digits")["x"]
    x = module.prepare(module.parse([]))["x"]
    assert set(x.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(x[grey == 0], grey[grey == 0]) and torch.equal(x[grey == 1], grey[grey == 1])
    assert (x - grey).mean().abs() < 4 * 0.5 / grey.numel() ** 0.5  # four standard errors, at the most
    assert torch.equal(x, module.prepare(module.parse([]))["x"])
    assert not torch.equal(x, module.prepare(module.parse(["--seed", "1"]))["x"])


def test_validation_examples_are_never_trained_on(load: Load) -> None:
    module = load("gaussian")
    rows = torch.arange(50.0)[:, None].expand(50, 2)
    train, kept = module.split({"x": rows}, module.parse(["--validation", "0.2"]))
    assert sorted(torch.cat([train["x"], kept["x"]])[:, 0].tolist()) == list(range(50))
    assert len(kept["x"]) == 10


def test_an_epoch_visits_no_example_twice(load: Load) -> None:
    module = load("vae")
    plan = module.batches({"x": torch.zeros(53, 4)}, 10, torch.Generator().manual_seed(0))
    rows = torch.cat([each["x"] for each in plan])
    assert [len(each["x"]) for each in plan] == [10] * 5
    assert len(set(rows.tolist())) == 50


def test_unpaired_sets_have_their_own_order_and_the_smaller_one_repeats(load: Load) -> None:
    module = load("two_sets")
    data = {"u": torch.zeros(40, 3), "v": torch.zeros(15, 3)}
    plan = module.batches(data, 10, torch.Generator().manual_seed(0))
    assert len(plan) == 4
    assert sorted(torch.cat([each["u"] for each in plan]).tolist()) == list(range(40))
    assert set(torch.cat([each["v"] for each in plan]).tolist()) == set(range(15))


def test_two_players_have_their_own_optimiser_and_steps(load: Load) -> None:
    module = load("gan")
    assert module.main([*FAST, "--steps-D", "3", "--out-dir", "run"]) == 0
    optimizers = torch.load("run/ckpt.pt", weights_only=True)["optimizers"]
    steps = {name: {int(each["step"]) for each in state["state"].values()} for name, state in optimizers.items()}
    # 1618 training examples are 8 batches of 200; G takes a step on the last of every three
    assert steps == {"D": {3 * 8}, "G": {8}}
    line = metrics("run")[-1]["train"]
    assert line["D: value"] == pytest.approx(line["D: log D(x)"] + line["D: log(1 - D(G(z)))"], rel=1e-4)
    assert line["D: loss"] == pytest.approx(-line["D: value"]) and line["G: loss"] == pytest.approx(line["G: value"])


def test_a_player_updates_its_own_networks_alone(load: Load) -> None:
    module = load("gan")
    config = module.parse([*FAST])
    run = module.Run(config, {"x": (64,)}, torch.device("cpu"))
    run.optimizers = {"G": run.optimizers["G"]}
    before = {name: value.clone() for name, value in run.objective.state_dict().items()}
    run.update({"x": torch.rand(20, 64)})
    changed = {name for name, value in run.objective.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all(name.startswith("G.") for name in changed)


def test_clipped_weights_stay_in_their_range(load: Load) -> None:
    assert load("wasserstein").main([*FAST, "--steps-D", "2", "--lr-D", "0.01", "--out-dir", "run"]) == 0
    state = torch.load("run/ckpt.pt", weights_only=True)
    bounded = [value for name, value in state["objective"].items() if name.startswith("D.")]
    assert bounded and max(value.abs().max().item() for value in bounded) <= 0.01
    rates = {name: each["param_groups"][0]["lr"] for name, each in state["optimizers"].items()}
    assert rates == {"D": 0.01, "G": 1e-3}


def test_a_target_follows_what_it_is_a_copy_of(load: Load) -> None:
    module = load("averages")
    update, seen = module.Run.update, []

    def watched(run: object, batch: object) -> None:
        before = {name: value.clone() for name, value in run.objective.state_dict().items()}
        update(run, batch)
        after = run.objective.state_dict()
        for name in (each for each in after if each.startswith("h_phi_target.")):
            followed = after[name.replace("h_phi_target", "h_phi")]
            seen.append(torch.equal(after[name], 0.9 * before[name] + (1 - 0.9) * followed))

    module.Run.update = watched
    assert module.main([*FAST, "--out-dir", "run"]) == 0
    assert seen and all(seen)
    saved = weights("run")
    targets = [name for name in saved if name.startswith("h_phi_target.")]
    assert targets and all(name.replace("h_phi_target", "h_phi") in saved for name in targets)


def test_few_examples_keep_their_labels(load: Load) -> None:
    module = load("semi_supervised")
    config = module.parse([*FAST, "--labelled", "50"])
    train, kept = module.split(module.prepare(config), config)
    data = module.keep_labels(train, config)
    assert {name: len(value) for name, value in data.items()} == {"x_l": 50, "y": 50, "x_u": len(train["x_u"])}
    assert data["y"].bincount().tolist() == [5] * 10
    rows = {tuple(each.tolist()) for each in train["x_u"]}
    assert all(tuple(each.tolist()) in rows for each in data["x_l"])
    assert not any(tuple(each.tolist()) in rows for each in kept["x_l"])
    assert module.main([*FAST, "--labelled", "50", "--out-dir", "run"]) == 0
    assert set(metrics("run")[-1]["train"]) >= {"log q_phi(y|x)", "loss"}


def test_labels_are_read_beside_pictures(load: Load) -> None:
    assert load("classifier").main(["--epochs", "5", "--out-dir", "run"]) == 0
    assert metrics("run")[-1]["validation"]["log p(y|x)"] > -1.0  # chance is log 1/10 = -2.3


def test_sequences_have_steps(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    module = load("sequence")
    assert module.parse([]).data == "digit-rows"
    assert module.main([*FAST, "--out-dir", "run"]) == 0
    assert torch.load("run/ckpt.pt", weights_only=True)["shapes"] == {"x": (8,)}
    assert "sequences [example, step, number] are needed" in refused(module, ["--data", "moons"], capsys)


def test_a_formula_of_sequences_alone_trains_and_shows_them_as_pictures(load: Load) -> None:
    """Rows of digits: the steps are the rows of a picture again."""
    assert load("deep_markov").main([*FAST, "--out-dir", "run"]) == 0
    assert {"log p(x_t|z_t)", "log p(z_t|z_{t-1})", "loss"} <= metrics("run")[-1]["train"].keys()
    assert Path("run/reconstructions.png").exists()


def test_sequences_of_categories(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    module = load("words")
    torch.save({"w": torch.randint(9, (40, 5)), "other": torch.rand(40, 5)}, "words.pt")
    data = module.prepare(module.parse(["--data", "words.pt"]))
    assert data["w"].shape == (40, 5) and data["w"].dtype == torch.long
    assert module.main([*FAST, "--data", "words.pt", "--out-dir", "run"]) == 0
    torch.save({"w": torch.full((40, 5), 9)}, "words.pt")
    assert "whole numbers from 0 to 8" in refused(module, ["--data", "words.pt"], capsys)
    torch.save({"w": torch.randint(9, (40,))}, "words.pt")
    assert "sequences [example, step, number] are needed" in refused(module, ["--data", "words.pt"], capsys)


def test_sequences_of_numbers(load: Load) -> None:
    """A table has one sequence in each row."""
    module = load("levels")
    Path("levels.csv").write_text("\n".join(f"{i},{i + 1},{i + 2}" for i in range(20)))
    torch.save({"r": torch.rand(20, 3, 1)}, "levels.pt")
    for source in ("levels.csv", "levels.pt"):
        assert module.prepare(module.parse(["--data", source]))["r"].shape == (20, 3)
    assert module.main([*FAST, "--batch-size", "4", "--data", "levels.csv", "--out-dir", "run"]) == 0


def test_sequences_of_several_lengths(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """A list of tensors, or padded ones with their lengths; what lies behind the end changes nothing."""
    module = load("ragged")
    sequences = [torch.randn(int(steps), 3) for steps in torch.randint(1, 6, (40,))]
    torch.save(sequences, "list.pt")
    padded, lengths = nn.utils.rnn.pad_sequence(sequences, True), torch.tensor([len(each) for each in sequences])
    padded[torch.arange(padded.shape[1]) >= lengths[:, None]] = 7.0
    torch.save({"x": padded, "lengths": lengths}, "padded.pt")
    for name in ("list", "padded"):
        assert module.main([*FAST, "--batch-size", "8", "--data", f"{name}.pt", "--out-dir", name]) == 0
    assert metrics("list")[-1]["validation"]["loss"] == pytest.approx(metrics("padded")[-1]["validation"]["loss"])
    capsys.readouterr()
    torch.save({"x": padded}, "whole.pt")
    data = module.prepare(module.parse(["--data", "whole.pt"]))
    assert data["lengths"].tolist() == [padded.shape[1]] * 40
    assert "whole.pt has no lengths" in capsys.readouterr().err
    torch.save({"x": padded, "lengths": lengths - 1}, "none.pt")
    assert "the number of steps of each example" in refused(module, ["--data", "none.pt"], capsys)


def test_pictures_of_sequences_of_several_lengths(load: Load) -> None:
    """Where data have no lengths, all of a sequence is meant."""
    assert load("ragged_chain").main([*FAST, "--epochs", "1", "--out-dir", "run"]) == 0
    assert Path("run/reconstructions.png").exists()


def test_a_tighter_bound_on_validation(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """The same terms with more draws: with as many the same number, with more a greater bound."""
    for folder, draws in (("same", "2"), ("more", "200")):
        assert load("iwae").main([*FAST, "--validation-K", draws, "--out-dir", folder]) == 0
    assert all(line["validation_K"] == line["validation"] for line in metrics("same"))
    for same_, more in zip(metrics("same"), metrics("more"), strict=True):
        assert more["validation"] == same_["validation"] and more["train"] == same_["train"]
        assert more["validation_K"]["value"] > more["validation"]["value"]
    assert "--validation-K starts at 0" in refused(load("iwae"), ["--validation-K", "-1"], capsys)


@pytest.mark.parametrize("name", ["compiled_pictures", "iwae"])
def test_the_bound_of_many_draws_on_validation(name: str, load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """Nearer to log p(x) with more draws; training and the other numbers are those of a run without."""
    for folder, draws in (("none", "0"), ("some", "2"), ("many", "300")):
        assert load(name).main([*FAST, "--tighter", draws, "--out-dir", folder]) == 0
    assert "log p(x) >= (300 draws) (-" in (said := capsys.readouterr()).err
    assert re.search(r"validation: loss .*log p\(x\) >= \(300 draws\) -\d", said.out)
    for none, some, many in zip(metrics("none"), metrics("some"), metrics("many"), strict=True):
        low, high = some["validation"].pop("log p(x) >= (2 draws)"), many["validation"].pop("log p(x) >= (300 draws)")
        assert none == some == many
        assert none["validation"]["value"] - 0.5 < low < high
    assert "--tighter starts at 0" in refused(load(name), ["--tighter", "-1"], capsys)
    trained = f2d.load("many")
    assert trained.log_marginal(x=torch.rand(3, *trained.inputs[0].shape or (64,)).round(), draws=5).shape == (3,)


def test_steps_are_logged_too(load: Load) -> None:
    """Every fourth of 24; the mean over an epoch of all is that of metrics.jsonl. A new run begins anew."""
    arguments = [*FAST, "--beta", "step / 8", "--out-dir", "run"]
    assert load("vae").main([*arguments, "--log-every", "4"]) == 0
    lines = [json.loads(line) for line in Path("run/steps.jsonl").read_text().splitlines()]
    assert [(line["step"], line["beta"]) for line in lines] == [(s, s / 8) for s in range(4, 25, 4)]
    for line in lines:
        value = line["log p(x|z)"] - line["beta"] * line["KL[q(z|x) || p(z)]"]
        assert line["value"] == pytest.approx(value, rel=1e-5)
    assert load("vae").main([*arguments, "--log-every", "1"]) == 0
    lines = [json.loads(line) for line in Path("run/steps.jsonl").read_text().splitlines()]
    assert len(lines) == 24
    assert sum(line["loss"] for line in lines[:8]) / 8 == pytest.approx(metrics("run")[0]["train"]["loss"])


def test_points_are_drawn_as_points(load: Load) -> None:
    assert load("gaussian").main([*FAST, "--data", "moons", "--out-dir", "run"]) == 0
    assert Path("run/samples.png").exists() and not Path("run/reconstructions.png").exists()


# -- going on ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vae", "gan", "averages"])
@pytest.mark.parametrize("step", [1, 11, 16])  # in the first epoch, in the second, at the end of the second
def test_an_interrupted_run_continues_bit_for_bit(name: str, step: int, load: Load) -> None:
    assert load(name).main([*FAST, "--out-dir", "whole"]) == 0
    module = load(name)
    _interrupt_after(module, step)
    assert module.main([*FAST, "--out-dir", "parts"]) == 130
    assert len(metrics("parts")) == step // 8 if step % 8 else len(metrics("parts")) < 3
    assert not same(weights("whole"), weights("parts"))
    assert load(name).main(["--resume", "auto", "--out-dir", "parts"]) == 0
    assert same(weights("whole"), weights("parts"))
    assert metrics("whole") == metrics("parts")


def _interrupt_after(module: ModuleType, steps: int) -> None:
    """Press Ctrl-C in the middle of a step."""
    update, count = module.Run.update, 0

    def counted(run: object, batch: object) -> None:
        nonlocal count
        count += 1
        if count == steps:
            os.kill(os.getpid(), signal.SIGINT)
        update(run, batch)

    module.Run.update = counted


def test_a_longer_run_is_a_continued_shorter_one(load: Load) -> None:
    assert load("vae").main([*FAST, "--out-dir", "whole"]) == 0
    assert load("vae").main([*FAST, "--epochs", "1", "--out-dir", "parts"]) == 0
    assert load("vae").main(["--epochs", "3", "--resume", "auto", "--out-dir", "parts"]) == 0
    assert same(weights("whole"), weights("parts")) and metrics("whole") == metrics("parts")


def test_a_finished_run_has_nothing_to_continue(load: Load) -> None:
    assert load("vae").main([*FAST, "--out-dir", "run"]) == 0
    before = weights("run")
    assert load("vae").main(["--resume", "auto", "--out-dir", "run"]) == 0
    assert same(before, weights("run")) and len(metrics("run")) == 3


def test_a_run_can_go_on_elsewhere(load: Load) -> None:
    assert load("vae").main([*FAST, "--epochs", "2", "--out-dir", "one"]) == 0
    assert load("vae").main(["--epochs", "3", "--resume", "one/ckpt.pt", "--out-dir", "two"]) == 0
    assert len(metrics("one")) == 2 and len(metrics("two")) == 3


def test_a_new_run_keeps_the_old_checkpoint(load: Load) -> None:
    assert load("vae").main([*FAST, "--epochs", "1", "--out-dir", "run"]) == 0
    before = weights("run")
    assert load("vae").main([*FAST, "--epochs", "1", "--seed", "1", "--out-dir", "run"]) == 0
    assert same(before, torch.load("run/ckpt.old.pt", weights_only=True)["objective"])
    assert len(metrics("run")) == 1


def test_the_seed_decides_the_run(load: Load) -> None:
    for folder, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        assert load("vae").main([*FAST, "--epochs", "1", "--seed", seed, "--out-dir", folder]) == 0
    assert same(weights("a"), weights("b")) and not same(weights("a"), weights("c"))


@pytest.mark.slow
def test_ctrl_c_on_the_real_process_saves_and_leaves_no_traceback(scripts: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "vae.py").write_text(scripts["vae"])
    command = [sys.executable, "vae.py", "--epochs", "100000", "--hidden", "8", "--out-dir", "run"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while not (tmp_path / "run" / "ckpt.pt").exists() and time.monotonic() < end:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err and "stops after this step" in err
    assert "--resume auto" in out
    assert torch.load(tmp_path / "run" / "ckpt.pt", weights_only=True)["epoch"] >= 1


@pytest.mark.slow
def test_killed_without_warning_it_continues_from_the_last_epoch(
    scripts: dict[str, str], tmp_path: Path, load: Load
) -> None:
    assert load("vae").main([*FAST, "--epochs", "40", "--out-dir", "whole"]) == 0
    command = [sys.executable, "vae.py", *FAST, "--epochs", "40", "--out-dir", "parts"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not (tmp_path / "parts" / "ckpt.pt").exists() and time.monotonic() < end:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert load("vae").main(["--resume", "auto", "--out-dir", "parts"]) == 0
    assert metrics("whole") == metrics("parts") and same(weights("whole"), weights("parts"))


# -- refusals ------------------------------------------------------------------------------------------


def refused(module: ModuleType, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a refusal."""
    capsys.readouterr()
    assert module.main([*arguments, "--out-dir", "refused"]) == 2
    err = capsys.readouterr().err
    assert "Traceback" not in err
    errors = [line for line in err.splitlines() if "error: " in line]
    assert len(errors) == 1 and err.splitlines()[-1] == errors[0]
    return errors[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "mnist"], "--data mnist: use digits, digit-rows, moons"),
        (["--data", "none.npz"], "No such file"),
        (["--data", "broken.npz"], "--data broken.npz cannot be read"),
        (["--data", "broken.pt"], "--data broken.pt cannot be read"),
        (["--data", "broken.csv"], "could not convert string to float: 'two'"),
        (["--data", "ragged.csv"], "--data ragged.csv cannot be read"),
        (["--data", "empty"], "--data empty cannot be read"),
        (["--data", "other.pt"], "the formula needs x; --data other.pt has w"),
        (["--data", "bytes.pt"], "values go from 0 to 255, outside [0, 1]"),
        (["--data", "nan.pt"], "finite numbers, are needed"),
        (["--data", "one.pt"], "two or more examples"),
        (["--epochs", "0"], "--epochs and --batch-size start at 1"),
        (["--batch-size", "0"], "--epochs and --batch-size start at 1"),
        (["--lr", "-1"], "--lr is positive"),
        (["--validation", "1"], "--validation is in [0, 1)"),
        (["--device", "abacus"], "--device abacus"),
        (["--resume", "none.pt"], "--resume none.pt cannot be read"),
        (["--resume", "broken.pt"], "--resume broken.pt cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], message: str, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    module = load("vae")
    for name in ("broken.npz", "broken.pt"):
        Path(name).write_bytes(b"not what its name says")
    Path("broken.csv").write_text("1,2\n1,two\n")
    Path("ragged.csv").write_text("1,2\n1\n")
    Path("empty").mkdir()
    torch.save({"w": torch.zeros(4, 2)}, "other.pt")
    torch.save(255 * (torch.rand(9, 4) > 0.5), "bytes.pt")
    torch.save(torch.full((9, 4), torch.nan), "nan.pt")
    torch.save(torch.zeros(1, 4), "one.pt")
    assert message in refused(module, arguments, capsys)


def test_a_wrong_shape_is_one_line(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(load("gaussian"), ["--data", "digits"], capsys)
    assert "x of digits, shape [1797, 64]" in line and "shape [2]" in line


def test_labels_outside_the_classes_are_one_line(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    module = load("classifier")
    torch.save({"x": torch.rand(20, 4), "y": torch.full((20,), 10)}, "labels.pt")
    assert "whole numbers from 0 to 9" in refused(module, ["--data", "labels.pt"], capsys)
    torch.save({"x": torch.rand(20, 4), "y": torch.zeros(19).long()}, "labels.pt")
    assert "x and y are paired: 20 and 19 examples" in refused(module, ["--data", "labels.pt"], capsys)


def test_a_continued_run_keeps_its_numbers(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    assert load("vae").main([*FAST, "--epochs", "1", "--beta", "4", "--out-dir", "run"]) == 0
    module = load("vae")
    assert module.parse(["--resume", "auto", "--out-dir", "run"]).beta == 4.0
    assert "was made with beta = 4.0, not 1.0" in refused(module, ["--resume", "run/ckpt.pt", "--beta", "1"], capsys)


def test_a_checkpoint_of_another_objective_is_refused(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    assert load("vae").main([*FAST, "--epochs", "1", "--out-dir", "run"]) == 0
    module = load("gaussian")
    line = refused(module, ["--resume", "run/ckpt.pt", "--data", "moons"], capsys)
    assert "run/ckpt.pt" in line


def test_a_checkpoint_of_other_data_or_of_another_formula_is_refused(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its order of the data would be of others, and its weights would learn something else, silently."""
    torch.save(torch.randn(60, 2), "data.pt")
    assert load("gaussian").main([*FAST, "--data", "data.pt", "--batch-size", "20", "--out-dir", "refused"]) == 0
    torch.save(torch.randn(80, 2), "data.pt")
    line = refused(load("gaussian"), ["--resume", "auto"], capsys)
    assert "was trained on {'x': 54} examples, not on {'x': 72}" in line
    torch.save(torch.randn(60, 2), "data.pt")
    module = load("gaussian")
    module.FORMULA = module.FORMULA.replace("- beta", "+ beta")
    assert "another formula, E_q(z|x)[log p(x|z)] - beta" in refused(module, ["--resume", "auto"], capsys)


def test_pictures_while_it_runs(load: Load) -> None:
    """They change nothing of the run."""
    assert load("gaussian").main([*FAST, "--data", "moons", "--out-dir", "plain"]) == 0
    module = load("gaussian")
    drawn = []
    show = module.show
    module.show = lambda run, *data: (drawn.append(run.epoch), show(run, *data))
    assert module.main([*FAST, "--data", "moons", "--draw-every", "1", "--out-dir", "run"]) == 0
    assert drawn == [1, 2, 3, 3]
    assert same(weights("plain"), weights("run")) and metrics("plain") == metrics("run")


def test_a_number_that_is_not_finite_stops_the_run_by_its_name(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    module = load("gaussian")
    assert module.main([*FAST, "--data", "moons", "--lr", "1e30", "--out-dir", "run"]) == 1
    err = capsys.readouterr().err
    assert "error: epoch " in err and ("log p(x|z) is " in err or "KL[q(z|x) || p(z)] is " in err or "loss is " in err)
