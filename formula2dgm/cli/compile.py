"""``formula2dgm compile``: write the module or the script."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from formula2dgm.cli.model import analyse, warn
from formula2dgm.cli.networks import UserNetworks, load_networks
from formula2dgm.codegen import generate
from formula2dgm.codegen.lightning import lightning
from formula2dgm.codegen.script import script, suggested_data
from formula2dgm.codegen.tools_beside import MODULE, tools
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir.program import Program
from formula2dgm.passes import run_passes
from formula2dgm.resolve import Bindings


def run(given: argparse.Namespace) -> int:
    networks = load_networks(given.networks)
    program = analysed(given, networks)
    text = written(program, given.target, networks, given.tools_beside)
    if given.tools_beside:
        write_tools(given.output, given.target, given.force)
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
        how = f"import its {'Lit' if given.target == 'lightning' else 'Objective'}"
        how = f"run it: python {given.output}{data}" if given.target == "script" else how
        print(f"wrote {given.output}; {how}", file=sys.stderr)
    return 0


def analysed(given: argparse.Namespace, networks: UserNetworks | None) -> Program:
    """The program of the command line, with the user's networks."""
    return analyse(given, networks.described.bindings if networks else Bindings())


def write_tools(output: str | None, target: str, force: bool) -> None:
    """The file of tools beside a script; another text of that name stays, and is an error (F2D-0686)."""
    hint = "formula2dgm compile model.tex -o train.py --tools-beside"
    if output is None or target != "script":
        says = "--tools-beside is for a script that goes to a file"
        raise FormulaError(Diagnostic("F2D-0686", "error", says, None, hint))
    path = Path(output).with_name(f"{MODULE}.py")
    if path == Path(output):
        says = f"{path} is the name of the tools, and cannot be the script's"
        raise FormulaError(Diagnostic("F2D-0686", "error", says, None, hint))
    if path.exists() and path.read_bytes() != tools().encode() and not force:
        says = f"{path} is there already, with another text"
        hint = "compare them and pass --force to replace it, or write the script to another folder"
        raise FormulaError(Diagnostic("F2D-0686", "error", says, None, hint))
    path.write_text(tools(), encoding="utf-8")


def written(program: Program, target: str, networks: UserNetworks | None, tools_beside: bool = False) -> str:
    """The text of a program's module or script."""
    optimised = run_passes(program)
    generated = generate(optimised)
    if target == "module":
        return generated.source
    if target == "lightning":
        return lightning(optimised, generated)
    if networks is None:
        return script(optimised, generated, tools_beside=tools_beside)
    return script(optimised, generated, networks.expressions(optimised), (networks.path.stem,), tools_beside)


def _facts(program: Program, given: argparse.Namespace, text: str) -> dict[str, object]:
    return {
        "target": given.target,
        "output": given.output,
        "source": text,
        "assumptions": [each.text for each in program.assumptions],
        "diagnostics": [each.to_json() for each in program.diagnostics],
    }
