"""The cell magic ``%%formula`` of notebooks: ``%load_ext formula2dgm``. IPython is imported by nobody else."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from formula2dgm import api
from formula2dgm.cli.model import pairs, settings
from formula2dgm.cli.parser import add_choices
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.spans import Source

if TYPE_CHECKING:
    from formula2dgm.runtime.objective import Objective

USAGE = "%%formula NAME [--with BINDINGS] [--set beta=4] [--dim z=16] [--samples K] ..."
#: What marks formulas among words; a cell without it is formulas alone.
_MARKED = re.compile(r"(?<!\\)\$|\\\[|\\\(|\\begin\{(?:equation|align|gather|multline)\*?\}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise refuse(message)


def refuse(message: str) -> FormulaError:
    return FormulaError(Diagnostic("F2D-0696", "error", f"%%formula: {message}", None, USAGE))


def register(shell: Any) -> None:
    """Let a shell have the magic."""

    def formula(line: str, cell: str) -> None:
        """Compile the formula of a cell and keep it under a name: %%formula vae --set beta=4"""
        from IPython.display import display

        name, made = compiled(line, cell, shell.user_ns)
        shell.user_ns[name] = made
        display(made)

    shell.register_magic_function(formula, "cell", "formula")


def compiled(line: str, cell: str, known: Mapping[str, Any]) -> tuple[str, Objective]:
    """The name and the objective of a cell; ``known`` are the user's own names, of which ``--with`` is one."""
    parser = _Parser(prog="%%formula", usage=USAGE, add_help=False, allow_abbrev=False)
    parser.add_argument("name")
    parser.add_argument("--with", dest="bindings", default=None)
    add_choices(parser)
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise refuse(str(error)) from error
    given = parser.parse_args(words)
    if not given.name.isidentifier():
        raise refuse(f"{given.name!r} is no name of Python")
    bound = known.get(given.bindings) if given.bindings is not None else {}
    if not isinstance(bound, Mapping):
        said = "is not defined" if given.bindings not in known else f"is a {type(bound).__name__}, no dict of bindings"
        raise refuse(f"{given.bindings} {said}")
    numbers = pairs(given.values, "--set")
    text = Source(cell, "cell.md" if _MARKED.search(cell) else "<cell>")
    made = api.compile([text], {**bound, **numbers}, **settings(given))  # type: ignore[list-item]
    for each in made.diagnostics:
        if each.code == "F2D-0706" and each.span is not None and each.span.source.text in numbers:
            raise refuse(f"--set {each.span.source.text}: nothing in the formula has that name")
    return given.name, made
