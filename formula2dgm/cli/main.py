"""Running one command. Exit status: 0 fine, 1 the formula has errors, 2 wrong usage."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from io import TextIOWrapper

from formula2dgm.cli.parser import build_parser
from formula2dgm.diagnostics import Diagnostic, FormulaError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; diagnostics go to standard error, with ``--json`` to standard output."""
    _write_anything()
    parser = build_parser()
    given, rest = parser.parse_known_args(arguments)
    if rest and given.command != "train":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    given.rest = rest
    command = "listing" if getattr(given, "list", False) else given.command
    run = _command(command)
    try:
        if getattr(given, "macro_files", None):
            from formula2dgm.cli.macros import macro_texts

            given.macros = [*macro_texts(given.macro_files), *given.macros]
        status = run(given)
        sys.stdout.flush()
        return status
    except FormulaError as error:
        report(error.diagnostics, given)
        return status_of(error.diagnostics)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        refused = Diagnostic("F2D-0806", "error", f"cannot write {error.filename}: {error.strerror}")
        report([refused], given)
        return 2
    except KeyboardInterrupt:
        return 130


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """A command, imported; the collector does not look for garbage among modules, which stay."""
    first = "formula2dgm.driver" not in sys.modules and gc.isenabled()
    if first:
        gc.disable()
    try:
        run: Callable[[argparse.Namespace], int] = import_module(f"formula2dgm.cli.{name}").run
    finally:
        if first:
            gc.freeze()
            gc.enable()
    return run


def _write_anything() -> None:
    """What a terminal or a pipe has no letters for is written with escapes, as standard error does."""
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def report(found: Sequence[Diagnostic], given: argparse.Namespace) -> None:
    """Errors and warnings on standard error, or as JSON."""
    if getattr(given, "json", False):
        print(json.dumps({"diagnostics": [each.to_json() for each in found]}, indent=2))
    else:
        print("\n\n".join(map(str, found)), file=sys.stderr)


def status_of(found: Sequence[Diagnostic]) -> int:
    """The exit status of what was found: 2 if an error is about the call, 1 if one is about the formula, else 0."""
    from formula2dgm.driver import is_about_the_call

    errors = [each for each in found if each.severity == "error"]
    return 0 if not errors else 2 if any(map(is_about_the_call, errors)) else 1
