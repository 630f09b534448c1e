"""From what was read to the module: kept for short texts, which are compiled again and again for other networks.

What is bound enters a program as facts alone. Where these are the same, so is the program, and so is its module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import lru_cache

from formula2dgm import driver
from formula2dgm.bindings import Bindings, Options
from formula2dgm.codegen import Generated, generate
from formula2dgm.ir.program import Program
from formula2dgm.passes import run_passes
from formula2dgm.records import dataclass
from formula2dgm.registry.plugins import installed

#: How many programs are kept.
KEPT = 16


@dataclass(frozen=True, slots=True)
class _Asked:
    """A text with what is bound and chosen: the same one if it was read once, and all facts are spelled alike."""

    read: int
    facts: str
    families: tuple[int, ...]
    found: driver.Read = field(compare=False)
    bindings: Bindings = field(compare=False)
    options: Options = field(compare=False)


def compiled(
    text: driver.Text, bindings: Bindings, options: Options, macros: Sequence[str], labels: Sequence[str]
) -> tuple[Program, Program, Generated]:
    """The program of a text, the same optimised, and its module. Raises :class:`FormulaError`."""
    found, facts = driver.read(text, macros, labels), repr((bindings, options))
    families = tuple(map(id, installed()))
    asked = _Asked(id(found), facts, families, found, bindings, options)
    short = isinstance(text, str) and len(text) <= driver.KEPT and " at 0x" not in facts
    return _compiled(asked) if short else _compiled.__wrapped__(asked)


@lru_cache(maxsize=KEPT)
def _compiled(asked: _Asked) -> tuple[Program, Program, Generated]:
    program = driver.resolved(asked.found, asked.bindings, asked.options)
    optimised = run_passes(program)
    return program, optimised, generate(optimised)
