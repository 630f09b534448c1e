"""Two processes that share every batch take the steps of one: values, gradients and weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import formula2dgm as f2d
from formula2dgm.codegen.module import generate
from formula2dgm.codegen.script import script
from tests.unit.script.programs import written

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is a child of one that has imported torch")
SEVERAL = Path(__file__).with_name("several.py")
FLAGS = ["--epochs", "2", "--batch-size", "8"]
#: A formula, the shapes of one example of its data, and of the noise of one.
MODELS = {
    "vae": (["E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", r"z \in \mathbb{R}^3"], {"x": [6]}, {"z": [3]}),
    "gan": (
        ["min_G max_D E_p_data(x)[log D(x)] + E_p(z)[log(1 - D(G(z)))]", r"z \in \mathbb{R}^3"],
        {"x": [6]},
        {"z": [3]},
    ),
    "dmm": (
        [
            r"\max \sum_{t=1}^T E_{q(z_t|z_{t-1},x_t)}[\log p(x_t|z_t) + \log p(z_t|z_{t-1})"
            r" - \log q(z_t|z_{t-1},x_t)]",
            r"x_t \in \{0,1\}^5",
            r"z_t \in \mathbb{R}^3",
        ],
        {"x": [4, 5]},
        {"z": [4, 3]},
    ),
    "ddpm": (
        [
            r"\min_\theta \mathbb{E}_{t, x_0, \epsilon}\left[\| \epsilon - \epsilon_\theta(x_t, t) \|^2\right]",
            r"x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon",
            r"\bar\alpha_t = \prod_{s=1}^t (1 - \beta_s)",
            r"\beta_t = 10^{-3} + 0.12\, \frac{t - 1}{T - 1}, \quad T = 100, \quad t \sim \mathcal{U}\{1, T\}",
            r"x_0 \sim p_{data}, \quad \epsilon \sim \mathcal{N}(0, I), \quad x_0 \in \mathbb{R}^2",
        ],
        {"x_0": [2]},
        {"epsilon": [2]},
    ),
    "infonce": (
        [
            r"\min -\frac{1}{N} \sum_i \log \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}}",
            r"s_{ij} = f(x_i)^\top g(y_j) / \tau",
            r"\tau = 0.2",
        ],
        {"x": [6], "y": [5]},
        {},
    ),
    "square": ([r"\min E_{p_{data}(x)}[\|x - f(x)\|^2]"], {"x": [6]}, {}),
    "mmd": (
        [
            r"\min E_{q(z|x)}[\|x - G(z)\|^2] + \lambda \mathrm{MMD}_k(q(z), p(z))",
            r"k(u, v) = \exp(-\|u - v\|^2 / 2)",
            r"\lambda = 3",
            r"p(z) = \mathcal{N}(z; 0, I)",
            r"z \in \mathbb{R}^3",
        ],
        {"x": [6]},
        {},
    ),
}
TIMES = {"ddpm": ["t"]}
#: Where examples of a batch meet, every process has all of it, and one noise.
WHOLE = {"infonce", "mmd"}


def steps(name: str, folder: Path, *flags: str, **more: object) -> list[list[dict]]:
    """What one process did in its steps, and each of two."""
    formula, data, noise = MODELS[name]
    program = written(*formula)
    (folder / "model.py").write_text(script(program, generate(program)))
    about = {"data": data, "noise": noise, "times": TIMES.get(name, []), "flags": [*FLAGS, *flags]}
    about |= more | {"lead": 1 if name == "dmm" else 0} | ({"seed": 3} if name in WHOLE else {})
    clean = {**{k: v for k, v in os.environ.items() if k != "RANK"}, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(SEVERAL), "model.py", json.dumps(about)]
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "said.txt").write_text(done.stderr)
    return [torch.load(folder / f"{each}.pt") for each in ("1-0", "2-0", "2-1")]


def close(one: list[dict], other: list[dict]) -> None:
    """The same steps, to 1e-6."""
    assert len(one) == len(other) == 6
    for left, right in zip(one, other, strict=True):
        assert left["values"] == pytest.approx(right["values"], rel=1e-6, abs=1e-9)
        for part in ("slopes", "weights"):
            assert left[part].keys() == right[part].keys() and left[part]
            for key, value in left[part].items():
                error = (value - right[part][key]).abs().max().item()
                assert error <= 1e-6 * value.abs().max().item() + 1e-9, (part, key, error)


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=[] if each in ("gan", "infonce") else pytest.mark.slow) for each in MODELS],
)
def test_two_processes_take_the_steps_of_one(name: str, tmp_path: Path) -> None:
    one, first, second = steps(name, tmp_path)
    close(one, first)
    close(one, second)
    assert {each["rows"] for each in one} == {8}
    assert {each["rows"] for each in first} == ({8} if name in WHOLE else {4})
    assert all(2 * two["inside"] == each["inside"] for each, two in zip(one, first, strict=True))  # they share the work


@pytest.mark.slow
def test_a_network_whose_rows_depend_on_each_other(tmp_path: Path) -> None:
    """It is computed for the whole batch by every process; the other one, called behind it, is shared."""
    one, first, second = steps("infonce", tmp_path, odd=["centred", 16])
    close(one, first)
    close(one, second)
    assert "f is computed for the whole batch by every process" in (tmp_path / "said.txt").read_text()


@pytest.mark.slow
def test_what_a_first_batch_initialises(tmp_path: Path) -> None:
    """It is what the first process's share makes it, in both."""
    _, first, second = steps("square", tmp_path, odd=["first", 6])
    for left, right in zip(first, second, strict=True):
        assert all(torch.equal(value, right["weights"][name]) for name, value in left["weights"].items())
    assert first[0]["weights"]["f.shift"].abs().min() > 0


@pytest.mark.slow
def test_statistics_of_a_share_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"f.mean differs between processes: it is made of a share of the batch"):
        steps("square", tmp_path, odd=["running", 6])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vae", "gan"])
def test_parts_of_a_batch_are_the_batch(name: str, tmp_path: Path) -> None:
    """With ``--accumulate``, in one process and in two."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole, *_ = steps(name, tmp_path / "whole")
    for parts in steps(name, tmp_path / "parts", "--accumulate", "2"):
        close(whole, parts)


@pytest.mark.slow
@pytest.mark.parametrize("flags", [[], ["--shard"]])
def test_torchrun(flags: list[str], tmp_path: Path) -> None:
    """A run of two processes leaves what one leaves, and continued it is the run that was not stopped."""
    program = written(*MODELS["vae"][0])
    (tmp_path / "model.py").write_text(script(program, generate(program)))
    clean = {**{k: v for k, v in os.environ.items() if k != "RANK"}, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "model.py"]

    def run(folder: str, *more: str) -> str:
        command = [*torchrun, "--hidden", "8", "--batch-size", "200", "--out-dir", folder, *more]
        done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    said = run("whole", "--epochs", "2", *flags)
    run("parts", "--epochs", "1", *flags)
    run("parts", "--epochs", "2", "--resume", "auto")
    assert said.count("again: torchrun --nproc-per-node 2 model.py") == 1
    found = [{path.name for path in (tmp_path / each).iterdir()} for each in ("whole", "parts")]
    assert found[0] == found[1] >= {"ckpt.pt", "config.json", "loss.png", "metrics.jsonl", "model.py"}
    assert (tmp_path / "whole/metrics.jsonl").read_text() == (tmp_path / "parts/metrics.jsonl").read_text()
    whole, parts = (torch.load(tmp_path / each / "ckpt.pt")["objective"] for each in ("whole", "parts"))
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())
    if flags:  # divided or not, the steps are the same
        run("plain", "--epochs", "2")
        last, plain = (
            json.loads((tmp_path / each / "metrics.jsonl").read_text().splitlines()[-1]) for each in ("whole", "plain")
        )
        assert last["train"] == pytest.approx(plain["train"], rel=1e-4)
        assert last["validation"] == pytest.approx(plain["validation"], rel=1e-4)
    objective = f2d.load(tmp_path / "whole")
    assert all(torch.equal(value, whole[name]) for name, value in objective.state_dict().items())
