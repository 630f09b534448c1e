"""Reading by meaning: what the syntax of a text leaves open and the text as a whole decides.

How far a sum or an expectation without brackets reaches, whether a superscript is a power, an index or part of a
name. Each decision that was not forced is a note.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.reading.entropies import functions_named_h
from formula2dgm.reading.functions import close_functions
from formula2dgm.reading.givens import name_givens
from formula2dgm.reading.kinds import find_indices
from formula2dgm.reading.letters import sets_of_letters
from formula2dgm.reading.lists import name_lists
from formula2dgm.reading.needs import needed
from formula2dgm.reading.notes import Note, Notes
from formula2dgm.reading.products import close_products
from formula2dgm.reading.restrictions import restrictions
from formula2dgm.reading.runs import name_dotted_runs, name_runs
from formula2dgm.reading.scopes import Names, extend_scopes
from formula2dgm.reading.step_arguments import name_step_arguments
from formula2dgm.reading.superscripts import (
    indexed_variables,
    name_distributions,
    name_functions,
    name_labels,
    name_variables,
    values_alone,
)
from formula2dgm.reading.value_functions import values_of_functions
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree

__all__ = ["Note", "Understood", "needed", "understand"]


@dataclass(frozen=True, slots=True)
class Understood:
    """Statements with nothing left open that the text itself decides, the notes on what was decided, and the errors
    where it decides nothing."""

    statements: tuple[tree.Statement, ...]
    notes: tuple[Note, ...]
    errors: tuple[Diagnostic, ...] = ()


def understand(statements: Sequence[tree.Statement]) -> Understood:
    """Decide what the statements of one text leave open.

    >>> from formula2dgm.syntax import parse
    >>> found = understand(parse("1/N sum_{n=1}^N a_n + b_n")[0])
    >>> str(found.statements[0]), [note.text for note in found.notes]
    ('1/N sum_{n=1}^N (a_n + b_n)', ['sum_{n=1}^N reaches to b_n, which uses what it binds'])
    """
    notes = Notes()
    bodies = functions_named_h([sets_of_letters(each.body) for each in statements], notes)
    bodies = values_of_functions(bodies, notes)
    bodies = name_step_arguments(name_givens([name_lists(each, notes) for each in bodies], notes), notes)
    bodies = list(map(name_dotted_runs, bodies))
    alone = values_alone(bodies)
    bodies = [name_distributions(name_functions(each, alone, notes), notes) for each in bodies]
    bodies = name_labels(name_runs(bodies, notes), notes)
    indexed, numbered = indexed_variables(bodies, find_indices(bodies)[0])
    bodies = [name_variables(each, indexed, numbered, notes) for each in bodies]
    indices, _ = find_indices(bodies)
    left_out = restrictions(bodies, indices, notes)
    statements = [each for place, each in enumerate(statements) if place not in left_out]
    bodies = [each for place, each in enumerate(bodies) if place not in left_out]
    names = Names.of(bodies, indices)
    bodies = [close_products(each, names, notes) for each in bodies]
    bodies = [close_functions(each, notes) for each in bodies]
    bodies = [extend_scopes(each, names, notes) for each in bodies]
    changed = (each.with_body(body) for each, body in zip(statements, bodies, strict=True))
    return Understood(tuple(changed), tuple(notes.found), tuple(notes.errors))
