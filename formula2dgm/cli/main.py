"""Parsing the command line. Exit status: 0 fine, 1 the formula has errors, 2 wrong usage."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from formula2dgm import __version__
from formula2dgm.diagnostics import FormulaError

FORMULA_HELP = "a formula's file (.tex, .md, .txt), or - for standard input; several files are one model"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; diagnostics go to standard error."""
    parser = build_parser()
    given, rest = parser.parse_known_args(arguments)
    if rest and given.command != "train":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    given.rest = rest
    run: Callable[[argparse.Namespace], int] = import_module(f"formula2dgm.cli.{given.command}").run
    try:
        return run(given)
    except FormulaError as error:
        print_diagnostics(error, given)
        return 1
    except BrokenPipeError:
        return 0


def print_diagnostics(error: FormulaError, given: argparse.Namespace) -> None:
    """The errors on standard error, as text or as JSON."""
    if getattr(given, "json", False):
        import json

        print(json.dumps({"diagnostics": [each.to_json() for each in error.diagnostics]}, indent=2))
    else:
        print(error, file=sys.stderr)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="formula2dgm",
        description="Write the paper's equation, get the training code.",
        epilog="start with: formula2dgm new vae && formula2dgm train vae.tex --data digits",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"formula2dgm {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    compiling = _with_formula(commands, "compile", "write the training code of a formula")
    compiling.add_argument("-o", "--output", metavar="FILE", help="where to write it (standard output if left out)")
    compiling.add_argument(
        "--target",
        choices=("script", "module"),
        default="script",
        help="a script that trains (default), or the objective alone",
    )
    compiling.add_argument("--networks", metavar="NETS.PY", help="a Python file with a dict named bindings")

    _with_formula(commands, "check", "say what is wrong, without computing anything")

    training = _with_formula(
        commands,
        "train",
        "compile and train; what is not listed here goes to the script",
        epilog="common flags of the script: --epochs 30 --batch-size 128 --lr 1e-3 --seed 0 "
        "--resume auto --device cpu; formula2dgm train FILE --script-help lists all",
    )
    training.add_argument("--data", help="digits, digit-rows, moons, a .npz, .pt or .csv file, or a folder of images")
    training.add_argument("--out-dir", metavar="FOLDER", help="the run's folder (default: runs/NAME)")
    training.add_argument("--script-help", action="store_true", help="list the flags of the training script")
    training.add_argument("--networks", metavar="NETS.PY", help="a Python file with a dict named bindings")

    explaining = _with_formula(
        commands,
        "explain",
        "how every term is computed and what is shared; or an error code",
        formula="a formula's file, -, or an error code such as F2D-0203",
    )
    explaining.add_argument("--networks", metavar="NETS.PY", help="a Python file with a dict named bindings")

    showing = _with_formula(commands, "show", "any stage of the compilation")
    showing.add_argument(
        "--as",
        dest="form",
        default="ascii",
        choices=("ascii", "latex", "tree", "ir", "code", "dot", "mermaid"),
        help="what to show",
    )
    showing.add_argument("--networks", metavar="NETS.PY", help="a Python file with a dict named bindings")

    starting = commands.add_parser(
        "new", help="write a runnable example to start from", description="Write a runnable example to start from."
    )
    starting.add_argument("name", help="which example: vae; formula2dgm new list shows all")
    starting.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: NAME.tex)")
    return parser


def _with_formula(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
    formula: str = FORMULA_HELP,
    epilog: str | None = None,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".", epilog=epilog)
    parser.add_argument("formula", nargs="+", metavar="FORMULA", help=formula)
    parser.add_argument(
        "--set",
        dest="values",
        metavar="NAME=NUMBER",
        action="append",
        default=[],
        help="a hyperparameter: --set beta=4",
    )
    parser.add_argument(
        "--dim",
        dest="dims",
        metavar="NAME=SIZE",
        action="append",
        default=[],
        help="the size of a variable: --dim z=16",
    )
    parser.add_argument(
        "--macro",
        dest="macros",
        metavar="LATEX",
        action="append",
        default=[],
        help=r"a LaTeX definition: --macro '\newcommand{\E}{\mathbb{E}}'",
    )
    parser.add_argument("--samples", metavar="K", type=int, default=1, help="draws of each expectation (default 1)")
    parser.add_argument(
        "--maximize",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the direction, where the formula does not say",
    )
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    return parser
