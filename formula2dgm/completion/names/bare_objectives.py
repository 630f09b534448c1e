r"""Objectives that are defined with what they are of and read without them: ``\mathcal{L}_a(G, D) = ...``.

The names in the head say who is trained by it; where another statement reads the bare name, and nothing calls it, the
definition is of that name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.signature import names_objective
from formula2dgm.syntax import tree


def name_objectives(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements with such definitions under their bare names.

    >>> from formula2dgm.syntax import parse
    >>> found = name_objectives(parse("L_a(G, D) = log D(x); L = L_a + log D(y)")[0])
    >>> [str(each) for each in found]
    ['L_a = log D(x)', 'L = L_a + log D(y)']
    """
    return [_named(each, [other.body for other in statements if other is not each]) for each in statements]


def _named(statement: tree.Statement, others: Sequence[tree.Node]) -> tree.Statement:
    body = statement.body
    if not isinstance(body, tree.Chain) or body.relations[0] not in ("=", ":="):
        return statement
    left = body.members[0]
    if not isinstance(left, tree.Call) or not names_objective(left) or not isinstance(left.head, tree.Symbol):
        return statement
    heads = {id(each.head) for other in others for each in other.all(tree.Call)}
    uses = [each for other in others for each in other.walk() if each == left.head]
    if not uses or any(id(each) in heads for each in uses):
        return statement
    return statement.with_body(replace(body, members=(left.head, *body.members[1:])))
