"""``python -m benchmarks.examples``: every example through ``torch.compile(fullgraph=True)``, beside itself uncompiled.

A graph break would raise; graphs are counted over several batches: one for each player, or it was compiled again. Times
are those of forward and backward, of the process, in turn.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

import formula2dgm as f2d
from benchmarks.machine import machine, versions

EXAMPLES = Path(__file__).parents[1] / "examples"
MODELS = tuple(sorted(path.stem for path in EXAMPLES.glob("*.tex")))
#: What torch refuses unless it is told to: the layers of recurrent networks, and gradients inside of a loss.
ALLOWED = {"allow_rnn": True, "trace_autograd_ops": True}
#: Where a trace is taken along a path, the data need gradients when they come in (``objective.compile`` sees to it).
LEAVES = ("continuous_flow",)
RESULT = Path(__file__).parent / "results" / "examples.md"


def example(name: str, batch: int) -> tuple[torch.nn.Module, dict[str, Any], tuple[str, ...]]:
    """The module beside an example with its default networks, a batch of it, and its players."""
    torch.manual_seed(0)
    objective = f2d.compile(EXAMPLES / f"{name}.tex")
    specification = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert specification is not None and specification.loader is not None
    written: ModuleType = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(written)
    data = objective.example_batch(batch)
    known = {each.name for each in objective.inputs}
    shapes = {key: tuple(value.shape[1:]) for key, value in data.items() if key in known}
    module: torch.nn.Module = written.build(shapes)
    module.load_state_dict(objective.state_dict())
    if name in LEAVES:
        data = {key: value.requires_grad_() for key, value in data.items()}
    return module, data, tuple(objective.players) if len(objective.players) > 1 else ()


def step(module: Any, data: dict[str, Any], players: tuple[str, ...]) -> None:
    """Loss and gradients of each player."""
    for player in players or ("",):
        module.zero_grad(set_to_none=True)
        loss = module(**data, player=player).loss if player else module(**data).loss
        loss.backward()


def graphs() -> tuple[int, int]:
    """How many graphs were compiled, and how many breaks there were, since the counters were cleared."""
    counted = torch._dynamo.utils.counters
    return int(counted["stats"]["unique_graphs"]), sum(counted["graph_break"].values())


def compiled(name: str, batch: int, backend: str) -> tuple[Any, Any, dict[str, Any], tuple[str, ...], tuple[int, int]]:
    """An example and the same compiled, after three batches, with the graphs that these took."""
    module, data, players = example(name, batch)
    step(module, data, players)  # the first batch is checked, uncompiled
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    faster = torch.compile(module, fullgraph=True, backend=backend)
    with torch._dynamo.config.patch(ALLOWED):
        for _ in range(3):
            step(faster, data, players)
    return module, faster, data, players, graphs()


def ratio(name: str, batch: int, backend: str, rounds: int) -> dict[str, Any]:
    """What compiling an example takes and gives."""
    start = time.perf_counter()
    module, faster, data, players, (made, breaks) = compiled(name, batch, backend)
    spent, times = time.perf_counter() - start, []
    for _ in range(rounds):
        pair = []
        for each in (module, faster):
            begin = time.process_time()
            with torch._dynamo.config.patch(ALLOWED):
                step(each, data, players)
            pair.append(time.process_time() - begin)
        times.append(pair)
    return {
        "name": name,
        "graphs": made,
        "players": max(1, len(players)),
        "breaks": breaks,
        "seconds": spent,
        "eager": 1e3 * statistics.median(eager for eager, _ in times),
        "ratio": statistics.median(after / eager for eager, after in times),
    }


def page(rows: Sequence[dict[str, Any]], options: argparse.Namespace) -> str:
    """The results as Markdown."""
    where, packages = machine(), versions()
    lines = [
        "# Every example through torch.compile",
        "",
        f"{where['date']}; {where['processor']}, {where['cores']} cores, {where['system']}; threads: "
        f"{where['threads']}; python {packages['python']}, torch {packages['torch']}, backend {options.backend}. "
        f"Batch {options.batch}, default networks; loss and gradients of all players; medians of {options.rounds} "
        "pairs of process times. Graphs: as many as there are players, or something was compiled again. Allowed for "
        "all: `torch._dynamo.config.allow_rnn` (the two examples whose default networks hold a GRU need it) and "
        "`trace_autograd_ops` (continuous_flow, whose trace is taken along its path).",
        "",
        "| example | players | graphs | breaks | ms, uncompiled | compiled / uncompiled | seconds to compile |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row['name']} | {row['refused']} |" + " |" * 5
        if "refused" in row
        else f"| {row['name']} | {row['players']} | {row['graphs']} | {row['breaks']} | {row['eager']:.2f} | "
        f"{row['ratio']:.2f} | {row['seconds']:.0f} |"
        for row in rows
    ]
    return "\n".join([*lines, ""])


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.examples", description=__doc__)
    parser.add_argument("examples", nargs="*", metavar="EXAMPLE", help="of examples/ (all)")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--backend", default="inductor")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    rows = []
    for name in options.examples or MODELS:
        try:
            rows.append(ratio(name, options.batch, options.backend, options.rounds))
        except torch._dynamo.exc.TorchDynamoException as error:
            rows.append({"name": name, "refused": str(error).splitlines()[0]})
        print(rows[-1], flush=True)
        options.out.write_text(page(rows, options), encoding="utf-8")


if __name__ == "__main__":
    main()
