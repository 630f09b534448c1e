"""Runs of a script that are killed at random instants, and continued to their end: ``python kills.py model.py KILLS``.

The process has imported torch; each attempt is a child of it that runs the script's file, so that it starts at once.
Prints how many kills there were, in how many runs, and how many steps the checkpoint held after each.
"""

from __future__ import annotations

import json
import os
import random
import runpy
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch
import torch._dynamo  # what the first optimiser would import, in each child
import torch.optim.swa_utils

FLAGS = ["--data", "data.pt", "--hidden", "4", "--batch-size", "8", "--epochs", "6", "--checkpoint-every", "3"]
MORE = ["--log-every", "2", "--draw-every", "3", "--ema", "0.9", "--clip", "1", "--lr", "0.01 * min(1, step / 20)"]


def attempt(script: str, folder: str, seed: int) -> int:
    """Start the script in a child of this process; its number."""
    child = os.fork()
    if child:
        return child
    try:
        with open(f"{folder}.log", "a") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        sys.argv = [script, *FLAGS, *MORE, "--seed", str(seed), "--out-dir", folder, "--resume", "auto"]
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ended:
        sys.stdout.flush()
        os._exit(int(ended.code or 0))
    except BaseException as error:
        print(repr(error), flush=True)
    os._exit(99)


def sound(folder: str) -> int:
    """Every file of the folder can be read; the steps that its checkpoint holds."""
    path = Path(folder)
    if (path / "metrics.jsonl").exists():
        for line in (path / "metrics.jsonl").read_text().splitlines():
            json.loads(line)
    if (path / "config.json").exists():
        json.loads((path / "config.json").read_text())
    if (path / "model.py").exists():
        assert (path / "model.py").read_bytes() == Path("model.py").read_bytes()
    for picture in path.glob("*.png"):
        assert picture.read_bytes()[-8:-4] == b"IEND", picture
    return torch.load(path / "ckpt.pt", weights_only=True)["total"] if (path / "ckpt.pt").exists() else 0


def ends(child: int, seconds: float) -> int | None:
    """The status of a child that ends by itself in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    return None


def same(left: Any, right: Any) -> bool:
    """Bit for bit."""
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    return len(left) == len(right) and all(map(same, left, right)) if isinstance(left, list) else left == right


def compare(folder: str) -> None:
    """The end of a run that was killed beside that of one that was not; but for the folder and the run's mark."""
    states = [torch.load(f"{each}/ckpt.pt", weights_only=True) for each in ("whole", folder)]
    for state in states:
        del state["mark"], state["config"]
    wrong = [name for name in states[0] if not same(states[0][name], states[1][name])]
    assert not wrong, f"{folder}: {wrong}"
    for name in ("metrics.jsonl", "steps.jsonl"):
        assert Path("whole", name).read_text() == Path(folder, name).read_text(), name
    left = sorted(each.name for each in Path(folder).iterdir())
    assert left == sorted(each.name for each in Path("whole").iterdir()), left


def main(script: str, wanted: int) -> None:
    torch.set_num_threads(1)
    begun = time.monotonic()
    assert ends(attempt(script, "whole", 0), 300) == 0, Path("whole.log").read_text()
    longest = time.monotonic() - begun
    chance, kills, runs, reached = random.Random(0), 0, 0, []
    while kills < wanted:
        folder, runs, last = f"killed{runs}", runs + 1, 0
        while True:
            child = attempt(script, folder, 0)
            status = ends(child, chance.uniform(0, longest if kills < wanted else 300))
            if status is None:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                kills += 1
                steps = sound(folder)
                assert steps >= last, f"{steps} steps are left of {last}"
                last = steps
                reached.append(steps)
            else:
                assert status == 0, Path(f"{folder}.log").read_text()
                break
        compare(folder)
    print(json.dumps({"kills": kills, "runs": runs, "reached": reached}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
