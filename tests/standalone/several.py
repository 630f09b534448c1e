"""A script's training by one process and by two, on the same batches with the same noise: ``several.py model.py JSON``.

Noise lies in the data beside the examples, so that each process draws that of its own. Every process writes what its
steps were, ``WORLD-RANK.pt``: the numbers of each, the gradients of each, and the weights at the end.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sys
from typing import Any

import torch
import torch._dynamo  # what the first optimiser would import, in each child
import torch.optim.swa_utils

Steps = list[dict[str, Any]]


class Odd(torch.nn.Module):
    """A layer, and behind it what is made of a batch: its mean, its first batch's mean, or a running mean."""

    def __init__(self, kind: str, outputs: int) -> None:
        super().__init__()
        self.kind, self.body, self.shift = kind, torch.nn.Linear(6, outputs), torch.nn.Parameter(torch.zeros(outputs))
        self.register_buffer("mean", torch.zeros(outputs))
        self.first = True

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.body(x)
        with torch.no_grad():
            if self.kind == "first" and self.training and self.first:
                self.shift.copy_(h.mean(0))
                self.first = False
            if self.kind == "running" and self.training:
                self.mean += 0.1 * (h.mean(0) - self.mean)
        return h - self.mean - self.shift - (h.mean(0) if self.kind == "centred" else 0)


def steps_of(script: str, world: int, about: dict[str, Any]) -> Steps:
    """Train in float64; the values and the gradients of each step, and the weights behind it."""
    spec = importlib.util.spec_from_file_location("model", script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["model"] = module
    spec.loader.exec_module(module)
    module.join()
    config = module.parse(["--out-dir", str(world), "--hidden", "8", *about["flags"]])
    os.makedirs(config.out_dir, exist_ok=True)
    torch.manual_seed(7)
    data = {name: torch.rand(24, *shape).round().double() for name, shape in about["data"].items()}
    data |= {f"noise {name}": torch.randn(24, *shape).double() for name, shape in about.get("noise", {}).items()}
    data |= {f"noise {name}": torch.randint(1, 100, (24,)) for name in about.get("times", [])}
    if "odd" in about:
        make = module.make
        module.make = lambda *given: setattr(made := make(*given), "f", Odd(*about["odd"])) or made
    shapes = {name: tuple(shape[about.get("lead", 0) :]) for name, shape in about["data"].items()}
    run = module.Run(config, shapes, torch.device("cpu"))
    run.objective.double()
    forward, update, steps = run.objective.forward, run.update, []
    inside: list[int] = []  # how many rows a layer computes
    for layer in run.objective.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.register_forward_hook(lambda layer, given, output: inside.append(len(output)))

    def with_noise(**given: Any) -> Any:
        noise = {name.split()[1]: given.pop(name) for name in list(given) if name.startswith("noise ")}
        if "seed" in about:  # noise that belongs to no example
            torch.manual_seed(about["seed"])
        return forward(**given, noise=noise)

    def watched(batch: dict[str, torch.Tensor]) -> None:
        update(batch)
        inside_now = inside[-1]
        slopes = {k: each.grad.clone() for k, each in run.objective.named_parameters() if each.grad is not None}
        weights = {k: each.detach().clone() for k, each in run.objective.state_dict().items()}
        rows = len(next(iter(batch.values())))
        steps.append(
            {"values": dict(run.values), "slopes": slopes, "weights": weights, "rows": rows, "inside": inside_now}
        )

    run.objective.forward, run.update = with_noise, watched
    module.train(run, data, data, [])
    return steps


def main(script: str, about: dict[str, Any]) -> None:
    torch.set_num_threads(1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    children = []
    for world, rank in ((1, 0), (2, 0), (2, 1)):
        children.append(os.fork())
        if not children[-1]:
            if world > 1:
                os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world)}
            torch.save(steps_of(script, world, about), f"{world}-{rank}.pt")
            sys.exit(0)
    ended = [os.waitpid(child, 0)[1] for child in children]
    sys.exit(1 if any(ended) else 0)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
