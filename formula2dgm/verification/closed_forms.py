"""Divergences in closed form against their own definitions at draws."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from torch import Tensor

from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.runtime.objective import Objective
from formula2dgm.verification.estimates import SIGMAS, apart, evaluation
from formula2dgm.verification.findings import Comparison
from formula2dgm.verification.subject import Subject, example

#: Draws of each evaluation.
DRAWS = 64
KIND = "closed form, its definition at draws (standard errors)"


def compared(subject: Subject, seeds: int) -> Iterator[Comparison | str]:
    """The terms that hold a divergence in closed form, each with the same term at draws; a sentence where there is
    none to draw."""
    names = _closed_terms(subject.objective)
    if not names:
        return
    try:
        sampled = subject.again(divergences="sampled", samples=DRAWS)
    except FormulaError as error:
        yield f"the closed forms with draws: {error.diagnostics[0].message}"
        return
    if sampled.players or subject.objective.players:
        yield "the closed forms with draws: there are several players"
        return
    for seed in range(seeds):
        batch, _ = example(subject.objective, 3, seed)
        for name in sorted(names & _all_terms(sampled)):
            read = partial(_term, name)
            closed, drawn = (evaluation(each, batch, read) for each in (subject.objective, sampled))
            yield Comparison(KIND, f"the term {name}", f"seed {seed}", abs(apart(closed, drawn, seed)), SIGMAS)


def _term(name: str, out: Any) -> Tensor:
    found: Tensor = out.terms[name]
    return found


def _closed_terms(objective: Objective) -> set[str]:
    """The terms of the first objective with a divergence that is computed in closed form."""
    first = objective.program.objectives[0]
    return {term.name for term in first.terms if any(isinstance(each, ir.Divergence) for each in walk(term.node))}


def _all_terms(objective: Objective) -> set[str]:
    return {term.name for term in objective.program.objectives[0].terms}
