"""From command-line arguments to a resolved program."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from formula2dgm import driver
from formula2dgm.bindings import Value
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir.program import Program
from formula2dgm.options import make_options
from formula2dgm.registry.estimators import NAMES, Chosen, Relaxed, Score, estimator
from formula2dgm.resolve import NO_BINDINGS, Bindings, NumberValue, Options
from formula2dgm.spans import Source


def texts(given: argparse.Namespace) -> list[Path | Source]:
    """The formula's files; ``-`` is standard input."""
    return [_standard_input() if each == "-" else Path(each) for each in given.formula]


def _standard_input() -> Source:
    try:
        return Source(sys.stdin.buffer.read().decode("utf-8"), "<stdin>")
    except UnicodeDecodeError:
        raise FormulaError(Diagnostic("F2D-0801", "error", "standard input is not UTF-8 text")) from None


def options(given: argparse.Namespace) -> Options:
    """The compile options of the command line; unbound names get defaults."""
    return make_options(**settings(given))


def settings(given: argparse.Namespace) -> dict[str, Any]:
    """The same as keywords of ``f2d.compile``."""
    return {
        "maximize": given.maximize,
        "samples": given.samples,
        "estimators": dict(_estimator(each) for each in given.estimators),
        "dims": {name: int(value) for name, value in pairs(given.dims, "--dim", whole=True).items()},
        "scaffold": True,
        "non_saturating": given.non_saturating,
        "ragged": given.ragged,
        "solver_steps": given.solver_steps,
    }


def _estimator(item: str) -> tuple[str, str | Chosen]:
    """``z=score``, ``z=score:leave-one-out``, ``z=relaxed:0.5``: the setting behind the colon is the main one."""
    name, equals, text = (each.strip() for each in item.rpartition("="))
    how, colon, setting = (each.strip() for each in text.partition(":"))
    known = estimator(how)
    if not equals or not name or known is None or (colon and (how not in ("score", "relaxed") or not setting)):
        names = ", ".join(NAMES)
        problem = f"it has the form NAME=HOW, and HOW is one of {names}"
        hint = "for example --estimator z=score:leave-one-out"
        raise FormulaError(Diagnostic("F2D-0802", "error", f"--estimator {item}: {problem}", None, hint))
    if not colon:
        return name, how
    number = _number(setting)
    value = setting if number is None else number
    return name, Score(value) if how == "score" else Relaxed(value)


def pairs(items: list[str], flag: str, whole: bool = False) -> dict[str, float]:
    """``NAME=NUMBER`` items; anything else is an error."""
    return dict(_pair(item, flag, whole) for item in items)


def _pair(item: str, flag: str, whole: bool) -> tuple[str, float]:
    name, equals, text = (each.strip() for each in item.partition("="))
    number = _number(text)
    if not equals or not name:
        problem = "it has the form NAME=NUMBER"
    elif number is None:
        problem = f"{text!r} is not a number"
    elif whole and (not isinstance(number, int) or number < 1):
        problem = f"{text} is not a whole number above 0"
    else:
        return name, number
    example = "--dim z=16" if whole else "--set beta=4"
    raise FormulaError(Diagnostic("F2D-0802", "error", f"{flag} {item}: {problem}", None, f"for example {example}"))


def _number(text: str) -> float | int | None:
    """A finite number, whole where it is written so."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if math.isfinite(number) else None
    return None


def values(given: argparse.Namespace) -> Bindings:
    """``--set beta=4`` as bindings."""
    numbers: dict[str, Value] = {name: NumberValue(each) for name, each in pairs(given.values, "--set").items()}
    return Bindings.of(numbers)


def together(bound: Bindings, sets: Bindings) -> Bindings:
    """The user's networks and the numbers of ``--set``."""
    return Bindings((*bound.entries, *sets.entries))


def analyse(given: argparse.Namespace, bound: Bindings = NO_BINDINGS) -> Program:
    """The program of the files, at the values of the command line; a ``--set`` that nothing uses is an error."""
    sets = values(given)
    program = driver.analyse(texts(given), together(bound, sets), options(given), given.macros, given.labels)
    unused = unused_sets(program.diagnostics, sets, (each.name for each in program.hyperparameters))
    if unused:
        raise FormulaError(unused)
    return program


def unused_sets(found: Iterable[Diagnostic], sets: Bindings, known: Iterable[str] = ()) -> list[Diagnostic]:
    """An error for each ``--set`` that the warnings call unused."""
    sources = [each.key for each in sets.entries]
    names = ", ".join(known)
    return [
        Diagnostic(
            "F2D-0803",
            "error",
            f"--set {each.span.source.text}: nothing in the formula has that name",
            None,
            f"its hyperparameters: {names}" if names else None,
        )
        for each in found
        if each.code == "F2D-0706" and each.span is not None and each.span.source in sources
    ]


def warn(program: Program) -> None:
    """Warnings on standard error."""
    for each in program.diagnostics:
        print(each, end="\n\n", file=sys.stderr)
