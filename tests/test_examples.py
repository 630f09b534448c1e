"""Every example beside what it generates; `make examples` rewrites the modules."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from sklearn.datasets import load_digits

import formula2dgm as f2d

EXAMPLES = Path(__file__).parents[1] / "examples"
MODELS = sorted(EXAMPLES.glob("*.tex"))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_the_module_beside_the_example_is_what_it_generates(path: Path) -> None:
    assert f2d.compile(path).source == path.with_suffix(".py").read_text("utf-8"), "make examples rewrites it"


def outputs(objective: f2d.Objective, batch: dict[str, torch.Tensor]) -> Iterator[tuple[str, Any]]:
    """The output of each player by name; that of an objective without players by the empty name."""
    for player in objective.players if len(objective.players) > 1 else ("",):
        yield player, objective(batch, player=player) if player else objective(batch)


#: What a loss cannot depend on: a number added to a critic leaves the difference of its means as it is.
CONSTANTS = {("wgan_gp", "D.D.bias")}
#: Networks without a gradient at the start: what is below the free nats is not held to the prior.
FREE = {("world_model", "p_theta_s_given_h")}


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_gradient_reaches_every_network(path: Path) -> None:
    torch.manual_seed(0)
    objective = f2d.compile(path)
    optimiser = torch.optim.SGD(objective.parameters(), lr=0.001)
    for _ in range(2):  # a flow that starts at the identity has its first layers' gradients after a step
        optimiser.zero_grad()
        for _, output in outputs(objective, objective.example_batch(4)):
            output.loss.backward()
        optimiser.step()
    for name, parameter in objective.named_parameters():
        if (path.stem, name) in CONSTANTS or (path.stem, name.split(".")[0]) in FREE:
            continue
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


#: Networks that a step has to call more than once, as they have several inputs; others are called once or not at all.
CALLS = {
    "gan, D": {"D": 2},  # images and samples
    "non_saturating_gan, D": {"D": 2},
    "wgan_gp, D": {"D": 3},  # and points between both
    "adversarial_autoencoder, D": {"D": 2},  # codes and draws of the prior
    "factor_vae, D": {"D": 2},  # codes and permuted codes
    "m2": {"q_phi_z_given_x_y": 2, "f_theta": 2, "pi_phi": 2},  # batches of two sizes
    "mvae": {"p_theta_x_given_z": 2, "p_theta_y_given_z": 2},  # draws of the joint posterior and of one modality's
    "product_of_experts": {"p_theta_x_given_z": 2, "p_theta_y_given_z": 2},
    # what needs its own last step is called at each of 5 steps, and everything else once for all of them
    "deep_markov_model": {"q_phi_z_given_z_b": 5},
    "vrnn": {"q_phi_z_given_x_h": 5, "f_theta": 5},
    "srnn": {"f_theta": 5, "r_phi": 5, "q_phi_z_given_z_a": 5},
    "world_model": {"f_theta": 5, "q_phi_s_given_h_o": 5},
    "td_vae": {"RNN_theta": 5, "p_B_z_t_2_given_b": 2},  # two beliefs
    "continuous_flow": {"f_theta": 80},  # 20 steps of 4 stages
    "draw": {"e_phi": 10, "q_phi_z_given_h": 10, "g_theta": 10, "w_theta": 10},
}


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_step_calls_each_network_once_for_each_of_its_inputs(path: Path) -> None:
    objective = f2d.compile(path)
    calls: Counter[str] = Counter()
    for name, network in objective.named_children():
        network.register_forward_hook(lambda *_, name=name: calls.update([name]))
    for player, _ in outputs(objective, objective.example_batch(4)):
        several = {name: count for name, count in calls.items() if count > 1}
        assert several == CALLS.get(f"{path.stem}, {player}" if player else path.stem, {})
        calls.clear()


def test_the_gallery_shows_every_example() -> None:
    gallery = (EXAMPLES.parent / "docs" / "examples.md").read_text("utf-8")
    scripts = {each for each in EXAMPLES.glob("*.py") if not each.with_suffix(".tex").exists()}
    scripts.remove(EXAMPLES / "digits.py")  # what the scripts share
    assert [each.name for each in [*MODELS, *sorted(scripts)] if f"(../examples/{each.name})" not in gallery] == []
    for picture in re.findall(r"\((pictures/[^)]*)\)", gallery):
        assert (EXAMPLES.parent / "docs" / picture).exists(), picture


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_nothing_is_doubtful_about_an_example(path: Path) -> None:
    assert [each.message for each in f2d.compile(path).diagnostics if each.severity == "warning"] == []


def halves(folder: Path) -> str:
    """The upper and the lower half of every digit, its pixels black or white."""
    images = load_digits().data > 7
    numpy.savez(folder / "halves.npz", x=images[:, :32].astype("float32"), y=images[:, 32:].astype("float32"))
    return str(folder / "halves.npz")


def sequences(name: str) -> Callable[[Path], str]:
    """One of the data sets that the examples' script makes."""

    def made(folder: Path) -> str:
        script = EXAMPLES / "sequence_data.py"
        subprocess.run([sys.executable, str(script), str(folder)], check=True, capture_output=True)
        return str(folder / f"{name}.npz")

    return made


#: What an example trains on, where it is no image of 64 pixels; and by how much its loss has to fall.
DATA = {
    "gaussian_mixture": lambda folder: "moons",
    "linear_gaussian_chain": lambda folder: "digit-rows",
    "real_nvp": lambda folder: "moons",
    "continuous_flow": lambda folder: "moons",
    "product_of_experts": halves,
    "hmm": lambda folder: "digit-rows",
    "deep_markov_model": lambda folder: "digit-rows",
    "vrnn": lambda folder: "digit-rows",
    "srnn": lambda folder: "digit-rows",
    "sequence_vae": sequences("words"),
    "world_model": sequences("episodes"),
    "newtonian_vae": sequences("ball"),
    "td_vae": sequences("ball"),
}
FALLS = {"gaussian_mixture": 0.1, "real_nvp": 0.1, "continuous_flow": 0.05, "information_bottleneck": 0.5}
#: Whose loss falls, where there are players; that of a game need not.
LEARNS = {"factor_vae": "theta,phi: loss", "adversarial_autoencoder": "theta,phi: loss"}
GAMES = {"gan", "non_saturating_gan", "wgan_gp"}
#: What makes no images: labels, halves of images, and two moments of a sequence.
UNSEEN = {"information_bottleneck", "product_of_experts", "td_vae"}
#: What goes on from the first half of a sequence.
CONTINUES = {
    *("deep_markov_model", "vrnn", "srnn", "world_model", "newtonian_vae"),
    *("hmm", "linear_gaussian_chain"),
}


@pytest.mark.slow
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_it_trains_on_real_data(path: Path, tmp_path: Path) -> None:
    data = DATA.get(path.stem, lambda folder: "digits")(tmp_path)
    command = [sys.executable, "-m", "formula2dgm", "train", str(path), "--data", data, "--epochs", "4"]
    run = subprocess.run([*command, "--out-dir", str(tmp_path)], capture_output=True, text=True, cwd=EXAMPLES.parent)
    assert run.returncode == 0, run.stderr
    first, *_, last = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert all(math.isfinite(value) for value in last["validation"].values())
    if path.stem not in GAMES:
        loss = LEARNS.get(path.stem, "loss")
        assert last["validation"][loss] < first["validation"][loss] - FALLS.get(path.stem, 1)
    pictures = {each.name: each.read_bytes()[:8] for each in tmp_path.glob("*.png")}
    assert set(pictures.values()) == {b"\x89PNG\r\n\x1a\n"}
    assert "loss.png" in pictures and bool(pictures.keys() - {"loss.png", "latents.png"}) == (path.stem not in UNSEEN)
    assert any(name.startswith("rollouts") for name in pictures) == (path.stem in CONTINUES)
