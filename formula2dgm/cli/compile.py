"""``formula2dgm compile``: write the module or the script."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from formula2dgm.cli.model import analyse, warn
from formula2dgm.cli.networks import UserNetworks, load_networks
from formula2dgm.codegen import generate
from formula2dgm.codegen.script import script, suggested_data
from formula2dgm.ir.program import Program
from formula2dgm.passes import run_passes
from formula2dgm.resolve import Bindings


def run(given: argparse.Namespace) -> int:
    networks = load_networks(given.networks)
    program = analysed(given, networks)
    text = written(program, given.target, networks)
    if given.output is not None:
        Path(given.output).write_text(text, encoding="utf-8")
    if given.json:
        print(json.dumps(_facts(program, given, text), indent=2))
        return 0
    warn(program)
    if given.output is None:
        sys.stdout.write(text)
    else:
        data = f" --data {suggested_data(program.inputs)}" if program.inputs else ""
        how = f"run it: python {given.output}{data}" if given.target == "script" else "import its Objective"
        print(f"wrote {given.output}; {how}", file=sys.stderr)
    return 0


def analysed(given: argparse.Namespace, networks: UserNetworks | None) -> Program:
    """The program of the command line, with the user's networks."""
    return analyse(given, networks.described.bindings if networks else Bindings())


def written(program: Program, target: str, networks: UserNetworks | None) -> str:
    """The text of a program's module or script."""
    optimised = run_passes(program)
    generated = generate(optimised)
    if target == "module":
        return generated.source
    if networks is None:
        return script(optimised, generated)
    return script(optimised, generated, networks.expressions(optimised), (networks.path.stem,))


def _facts(program: Program, given: argparse.Namespace, text: str) -> dict[str, object]:
    return {
        "target": given.target,
        "output": given.output,
        "source": text,
        "assumptions": [each.text for each in program.assumptions],
        "diagnostics": [each.to_json() for each in program.diagnostics],
    }
