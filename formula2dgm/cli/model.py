"""From command-line arguments to a resolved program."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from formula2dgm import driver
from formula2dgm.api import make_options
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir.program import Program
from formula2dgm.resolve import NO_BINDINGS, Bindings, NumberValue, Options
from formula2dgm.resolve.bindings import Binding, Value
from formula2dgm.spans import Source


def texts(given: argparse.Namespace) -> list[Path | Source]:
    """The formula's files; ``-`` is standard input."""
    return [Source(sys.stdin.read(), "<stdin>") if each == "-" else Path(each) for each in given.formula]


def options(given: argparse.Namespace) -> Options:
    """The compile options of the command line; unbound names get defaults."""
    dims = {name: int(value) for name, value in pairs(given.dims, "--dim", whole=True).items()}
    return make_options(maximize=given.maximize, samples=given.samples, dims=dims, scaffold=True)


def pairs(items: list[str], flag: str, whole: bool = False) -> dict[str, float]:
    """``NAME=NUMBER`` items; anything else is an error."""
    out: dict[str, float] = {}
    for item in items:
        name, _, text = item.partition("=")
        try:
            out[name.strip()] = int(text) if whole or text.strip().lstrip("-").isdigit() else float(text)
        except ValueError:
            kind = "a whole number" if whole else "a number"
            raise FormulaError(
                Diagnostic(
                    "F2D-0802", "error", f"{flag} {item}: {text!r} is not {kind}", None, f"write {flag} NAME=NUMBER"
                )
            ) from None
        if not name.strip():
            raise FormulaError(
                Diagnostic(
                    "F2D-0802", "error", f"{flag} {item}: the name is missing", None, f"write {flag} NAME=NUMBER"
                )
            )
    return out


def values(given: argparse.Namespace) -> dict[str, Value]:
    """``--set beta=4`` as bindings."""
    return {name: NumberValue(number) for name, number in pairs(given.values, "--set").items()}


def analyse(given: argparse.Namespace, bound: Bindings = NO_BINDINGS) -> Program:
    """The program of the files, at the values of the command line; a ``--set`` that nothing uses is an error."""
    sets = Bindings.of(values(given))
    program = driver.analyse(texts(given), Bindings((*bound.entries, *sets.entries)), options(given), given.macros)
    _refuse_unused(program, sets.entries)
    return program


def _refuse_unused(program: Program, sets: tuple[Binding, ...]) -> None:
    names = {each.key.text for each in sets}
    unused = [
        Diagnostic(
            "F2D-0803",
            "error",
            f"--set {each.span.source.text}: nothing in the formula has that name",
            None,
            f"its hyperparameters: {', '.join(h.name for h in program.hyperparameters) or 'none'}",
        )
        for each in program.diagnostics
        if each.code == "F2D-0706" and each.span is not None and each.span.source.text in names
    ]
    if unused:
        raise FormulaError(unused)


def warn(program: Program) -> None:
    """Warnings on standard error."""
    for each in program.diagnostics:
        print(each, file=sys.stderr)
