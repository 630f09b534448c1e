"""``python -m benchmarks.scripts``: a step of the generated script of examples/vae.tex beside one of people's script.

What each really does in a step of training: its own optimiser, its own account of the loss. Same networks, same batch.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.clock import Entry
from benchmarks.contest import Contender
from benchmarks.intervals import median_interval, ratio_interval
from benchmarks.machine import machine, versions
from formula2dgm.cli.main import main as formula2dgm

EXAMPLE = Path(__file__).parents[1] / "examples" / "vae.tex"
RESULT = Path(__file__).parent / "results" / "scripts.md"
OURS = "generated script"
#: A step of training, and the networks that it trains.
Trainer = tuple[Callable[[], None], nn.Module]


def generated(folder: Path) -> ModuleType:
    """The script of the example, imported."""
    path = folder / "generated_vae.py"
    with redirect_stdout(StringIO()):
        formula2dgm(["compile", str(EXAMPLE), "-o", str(path)])
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


def script(module: ModuleType, x: Tensor, compiled: bool = False) -> Trainer:
    """The generated script's own update."""
    run = module.Run(module.Config(data="digits"), {"x": tuple(x.shape[1:])}, torch.device("cpu"))
    run.update({"x": x})  # the first batch is checked
    if compiled:
        run.objective.compile()
    return lambda: run.update({"x": x}), run.objective


def by_people(networks: Any, x: Tensor) -> Trainer:
    """As tutorials write a loop: probabilities, Adam as it comes, the loss read in every step."""
    optimiser = torch.optim.Adam(networks.parameters(), lr=1e-3)
    total = 0.0

    def step() -> None:
        nonlocal total
        optimiser.zero_grad()
        heads = networks.q_phi_z_given_x(x)
        loc, scale = heads["mu_phi"], heads["sigma_phi"]
        z = loc + torch.randn_like(scale) * scale
        probabilities = torch.sigmoid(networks.f_theta(z))
        cross_entropy = functional.binary_cross_entropy(probabilities, x, reduction="sum")
        variance = scale.pow(2)
        divergence = -0.5 * torch.sum(1 + torch.log(variance) - loc.pow(2) - variance)
        loss = (cross_entropy + divergence) / len(x)
        loss.backward()
        optimiser.step()
        total += loss.item()

    return step, networks


def by_an_expert(networks: Any, x: Tensor) -> Trainer:
    """From logits, Adam in one call, nothing read."""
    optimiser = torch.optim.Adam(networks.parameters(), lr=1e-3, fused=True)
    total = torch.zeros(())

    def step() -> None:
        heads = networks.q_phi_z_given_x(x)
        loc, scale = heads["mu_phi"], heads["sigma_phi"]
        logits = networks.f_theta(torch.addcmul(loc, scale, torch.randn_like(scale)))
        cross_entropy = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        divergence = (0.5 * (loc.square() + scale.square() - 1) - scale.log()).sum()
        loss = (cross_entropy + divergence) / len(x)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total.add_(loss.detach())

    return step, networks


def agree(trainers: dict[str, Trainer]) -> float:
    """How far the networks of two are apart after the same steps with the same noise."""
    after = []
    for step, networks in trainers.values():
        torch.manual_seed(0)
        for _ in range(3):
            step()
        after.append(torch.cat([each.detach().flatten() for each in networks.parameters()]))
    worst = max(float((each - after[0]).abs().max()) for each in after)
    if not worst < 1e-4:
        raise AssertionError(f"the scripts train different networks: weights differ by {worst:.2g}")
    return worst


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scripts", description=__doc__)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--compile", action="store_true", help="the generated script's --compile as well")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    x = torch.rand(options.batch, 64).round()
    with tempfile.TemporaryDirectory() as folder:
        module = generated(Path(folder))
        made = script(module, x)
        trainers = {
            "people's script": by_people(copy.deepcopy(made[1]), x),
            "expert's script": by_an_expert(copy.deepcopy(made[1]), x),
            OURS: made,
        }
        # Adam's state begins in all of them with what follows.
        trainers[OURS] = restarted(module, made, x)
        apart = agree(trainers)
        if options.compile:
            trainers[f"{OURS}, --compile"] = script(module, x, compiled=True)
        entries = raced(trainers, options.rounds)
    options.out.write_text(page(entries, apart, options), encoding="utf-8")
    print(options.out.read_text(encoding="utf-8"))


def restarted(module: ModuleType, made: Trainer, x: Tensor) -> Trainer:
    """The generated script with those weights and a new optimiser, its checks done."""
    run = module.Run(module.Config(data="digits"), {"x": tuple(x.shape[1:])}, torch.device("cpu"))
    run.objective.load_state_dict(made[1].state_dict())
    run.objective.check_values = False
    return lambda: run.update({"x": x}), run.objective


def raced(trainers: dict[str, Trainer], rounds: int) -> list[Entry]:
    """All in turn, in a random order each round."""
    entries = [Entry({}, Contender(name, "", lambda _: {}), step) for name, (step, _) in trainers.items()]
    for each in entries:
        each.repeats = 10
        for _ in range(5):
            each.step()
    order = random.Random(0)
    for _ in range(rounds):
        for each in order.sample(entries, len(entries)):
            each.turn()
    return entries


def page(entries: list[Entry], apart: float, options: argparse.Namespace) -> str:
    """The table."""
    where, packages = machine(), versions()
    ours = next(each for each in entries if each.contender.name == OURS)
    lines = [
        "# A step of a whole script",
        "",
        f"{where['date']}; {where['processor']}, {where['cores']} cores, {where['system']}; threads: "
        f"{where['threads']}; python {packages['python']}, torch {packages['torch']}. examples/vae.tex (64-128-16), "
        f"batch {options.batch}, {options.rounds} rounds; process time; medians, 95 % bootstrap intervals of the "
        "medians of paired ratios, quartiles. Each script with its own optimiser and its own account of the loss. "
        f"Before, three steps at the same noise: weights differ by at most {apart:.1g}.",
        "",
        "| script | ms | ours / it | quartiles |",
        "|---|---:|---:|---:|",
    ]
    for each in entries:
        time = median_interval([1e3 * value for value in each.seconds["process"]])
        cells = [each.contender.name, f"{time.median:.3f}", "", ""]
        if each is not ours:
            ratio = ratio_interval(ours.seconds["process"], each.seconds["process"])
            cells[2:] = [str(ratio), f"{ratio.first_quartile:.3f} to {ratio.third_quartile:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
