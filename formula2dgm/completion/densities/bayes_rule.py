r"""Bayes' rule of the steps of one variable: it says what follows from its factors, and declares nothing.

    q(x_{t-1}|x_t, x_0) \propto q(x_t|x_{t-1}, x_0) q(x_{t-1}|x_0)

One factor is over what the left side is given. Of densities without parameters such a statement is left out: what it
is about follows from the process that the text declares, or that is its default.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def leave_out_bayes(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements without such rules, and what was decided."""
    rules = [each for each in statements if _is_rule(each.body)]
    notes = [Note(f"{_left(each)} follows from its factors, by Bayes' rule", each.span) for each in rules]
    return [each for each in statements if each not in rules], notes


def _left(statement: tree.Statement) -> tree.Node:
    assert isinstance(statement.body, tree.Chain)
    return statement.body.members[0]


def _is_rule(body: tree.Node) -> bool:
    if not isinstance(body, tree.Chain) or body.relations[0] != "propto":
        return False
    left, right = body.members[0], body.members[-1]
    if not isinstance(left, tree.Call) or not is_density_call(left) or not left.given or len(left.args) != 1:
        return False
    slots = (*left.args, *left.given)
    if not isinstance(left.head, tree.Symbol) or left.head.sub or not all(_is_step(each) for each in slots):
        return False
    factors = right.factors if isinstance(right, tree.Mul) else (right,)
    letters = {letter_of(each) for each in slots if isinstance(each, tree.Symbol)}
    return len(letters) == 1 and any(_is_over(each, left.given) for each in factors)


def _is_step(slot: tree.Node) -> bool:
    return isinstance(slot, tree.Symbol) and len(slot.sub) == 1


def _is_over(factor: tree.Node, given: Sequence[tree.Node]) -> bool:
    """Is a factor a density, or a family written out, over what the left side is given?"""
    if not isinstance(factor, tree.Call) or len(factor.args) != 1:
        return False
    return (factor.given is not None or bool(factor.params)) and factor.args[0] in given
