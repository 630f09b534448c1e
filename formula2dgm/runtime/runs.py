"""Runs of a training script: :func:`train` starts one, :func:`load` reads what it left."""

from __future__ import annotations

import importlib.util
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

from formula2dgm.runtime.arguments import refuse

SCRIPT = "model.py"
CPU = torch.device("cpu")


def train(script: str, arguments: Sequence[str], out_dir: Path | str, modules: Sequence[Path] = ()) -> int:
    """Write a training script to the folder of a run and run it with this interpreter; return its exit status.

    ``modules`` are the user's files that the script imports; they are copied beside it. Ctrl-C reaches the script
    too, SIGTERM is passed on to it: it saves and stops; this process waits for it.
    """
    folder = Path(out_dir)
    path = folder / SCRIPT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(script, encoding="utf-8")
        for each in modules:
            (folder / each.name).write_bytes(each.read_bytes())
    except OSError as error:
        raise refuse("F2D-0684", f"the run cannot be written to '{folder}': {error.strerror}") from error
    process = subprocess.Popen([sys.executable, str(path), *arguments, "--out-dir", str(folder)])
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    terminate = signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, terminate)


def load(folder: Path | str) -> nn.Module:
    """The objective of a run's folder with its trained weights, averaged ones where there are such (``--ema``): the
    module that the script there defines."""
    path, weights = Path(folder) / SCRIPT, Path(folder) / "ckpt.pt"
    known, noise = set(sys.modules), random.getstate()
    sys.path.insert(0, str(folder))
    try:
        module = _module(path)
        state = torch.load(weights, map_location="cpu", weights_only=True)
        config = module.Config(**{**state["config"], "amp": False, "out_dir": str(folder)})
        with torch.random.fork_rng([]):
            run = module.Run(config, state["shapes"], CPU)
            run.restore(weights)
        objective: nn.Module = run.shown
    except Exception as error:  # a folder may hold anything
        found = [*str(error).splitlines(), repr(error)][0]
        raise refuse("F2D-0683", f"'{folder}' is not the folder of a run: {found}") from error
    finally:
        sys.path.remove(str(folder))
        random.setstate(noise)
        for name in set(sys.modules) - known:  # another run's file may have the same name
            if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == Path(folder).resolve():
                del sys.modules[name]
    return objective.eval()


def _module(path: Path) -> ModuleType:
    """A script as a module, without running it."""
    name = f"formula2dgm_run_{abs(hash(path.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
