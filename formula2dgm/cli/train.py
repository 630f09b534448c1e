"""``formula2dgm train``: compile to a script in the run's folder, and run it."""

from __future__ import annotations

import argparse
from pathlib import Path

from formula2dgm.cli.compile import analysed, written
from formula2dgm.cli.model import warn
from formula2dgm.cli.networks import load_networks


def run(given: argparse.Namespace) -> int:
    from formula2dgm.runtime.runs import train

    name = Path(given.formula[0]).stem if given.formula[0] != "-" else "formula"
    folder = Path(given.out_dir or f"runs/{name}")
    networks = load_networks(given.networks)
    program = analysed(given, networks)
    warn(program)
    text = written(program, "script", networks)
    data = ["--data", given.data] if given.data is not None else []
    arguments = ["--help"] if given.script_help else [*data, *given.rest]
    return train(text, arguments, folder, [networks.path] if networks else [])
