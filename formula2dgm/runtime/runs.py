"""Runs: :func:`train` starts a training script, :func:`saved` reads what a run left, and executes none of it."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from formula2dgm.codegen.compiled_with import options_in, statements_in
from formula2dgm.codegen.names import argument
from formula2dgm.ir.program import Program
from formula2dgm.records import dataclass
from formula2dgm.runtime.arguments import refuse
from formula2dgm.runtime.schedules import number

SCRIPT = "model.py"
CHECKPOINT = "ckpt.pt"


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


@dataclass(frozen=True, slots=True)
class Saved:
    """What a run left.

    statements  the formula, a statement each
    options     those of ``f2d.compile`` that it was compiled with
    weights     the trained ones by name, averages where there are such
    shapes      the event shape of each variable, by its keyword
    config      the numbers of the run
    steps       how many it has made
    text        the script, if there is one
    """

    statements: list[str]
    options: dict[str, Any]
    weights: dict[str, Tensor]
    shapes: dict[str, tuple[int, ...]]
    config: dict[str, Any]
    steps: int
    text: str | None

    def numbers(self, program: Program) -> dict[str, float]:
        """The values of a program's hyperparameters at the last step of the run."""
        found: dict[str, float] = {}
        for each in program.hyperparameters:
            name = argument(each.name)
            value = self.config.get(f"formula_{name}", self.config.get(name))
            if value is not None:
                found[each.name] = number(value, max(self.steps, 1))
        return found


def saved(folder: Path | str) -> Saved:
    """What a run left in its folder. Raises FormulaError (F2D-0683) for another folder."""
    path = Path(folder)
    try:
        state = torch.load(path / CHECKPOINT, map_location="cpu", weights_only=True)
        script = path / SCRIPT
        return Saved(
            statements_in(state["formula"]),
            {"scaffold": True, **options_in(state["formula"])},
            _weights(state),
            dict(state["shapes"]),
            dict(state["config"]),
            int(state["total"]),
            script.read_text(encoding="utf-8") if script.exists() else None,
        )
    except Exception as error:  # a folder may hold anything
        found = [*str(error).splitlines(), repr(error)][0]
        raise refuse("F2D-0683", f"'{folder}' is not the folder of a run: {found}") from error


def _weights(state: Mapping[str, Any]) -> dict[str, Tensor]:
    if state["averaged"] is None:
        return dict(state["objective"])
    return {
        name.removeprefix("module."): value for name, value in state["averaged"].items() if name.startswith("module.")
    }


def fill(objective: nn.Module, run: Saved, folder: Path | str) -> None:
    """Give an objective the weights of a run. Raises FormulaError (F2D-0690) where they are not its own."""
    try:
        objective.load_state_dict(run.weights)
    except RuntimeError as error:
        lines = [each.strip() for each in str(error).splitlines()]
        raise refuse(
            "F2D-0690", f"the weights of '{folder}' are of other networks: {' '.join(lines[1:3])}", BIND
        ) from error


BIND = "bind the networks that it was trained with: f2d.load(folder, {'q(z|x)': f2d.Normal(encoder), ...})"


def edited(source: str, text: str) -> str | None:
    """What a script, which is only read, says otherwise than the module of its formula; None where they agree."""
    written, own = _definitions(source), _definitions(text)
    networks = [name for name in written if name not in own and name[0].isupper()]
    if networks:
        return f"has networks of its own in place of {', '.join(networks)}"
    changed = [name for name, code in written.items() if own.get(name) != code]
    return f"writes {', '.join(changed)} otherwise than its formula" if changed else None


def _definitions(text: str) -> dict[str, str]:
    """The code of every definition, without comments, and without the numbers that the objective is made with."""
    parsed = ast.parse(text)
    for each in ast.walk(parsed):
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            each.args.kw_defaults = [None] * len(each.args.kwonlyargs)
    kinds = (ast.ClassDef, ast.FunctionDef)
    return {each.name: ast.unparse(each) for each in parsed.body if isinstance(each, kinds)}
