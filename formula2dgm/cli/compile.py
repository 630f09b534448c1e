"""``formula2dgm compile``: write the module or the script."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from formula2dgm.cli.model import analyse, warn
from formula2dgm.cli.networks import UserNetworks, load_networks
from formula2dgm.codegen import generate
from formula2dgm.codegen.script import script
from formula2dgm.passes import run_passes
from formula2dgm.resolve import Bindings


def run(given: argparse.Namespace) -> int:
    text = written(given, given.target, load_networks(given.networks))
    if given.output is None:
        sys.stdout.write(text)
        return 0
    Path(given.output).write_text(text, encoding="utf-8")
    how = f"run it: python {given.output} --data digits" if given.target == "script" else "import its Objective"
    print(f"wrote {given.output}; {how}", file=sys.stderr)
    return 0


def written(given: argparse.Namespace, target: str, networks: UserNetworks | None) -> str:
    """The text of the module or script that the command line asks for."""
    program = analyse(given, networks.described.bindings if networks else Bindings())
    warn(program)
    program = run_passes(program)
    generated = generate(program)
    if target == "module":
        return generated.source
    if networks is None:
        return script(program, generated)
    return script(program, generated, networks.expressions(program), (networks.path.stem,))
