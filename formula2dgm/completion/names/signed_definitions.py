r"""Definitions whose name carries a sign, or stands at the end of a chain.

-L(x, y) = E[...]                        is    L(x, y) = -E[...]
\log p(x, y) \ge E[...] = -L(x, y)       is    L(x, y) = -E[...]

Only where another statement uses the name: else the statement is an objective of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.signature import is_density_call, names_objective
from formula2dgm.syntax import tree

_EQUAL = frozenset(("=", ":="))


def name_first(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such definitions as ``name = body``, and what was decided."""
    notes: list[Note] = []
    out = []
    for statement in statements:
        made = _definition(statement.body, [each.body for each in statements if each is not statement])
        if made is not None:
            notes.append(Note(f"{statement.body} says what {made.members[0]} is", statement.body.span))
            statement = statement.with_body(made)
        out.append(statement)
    return out, notes


def _definition(body: tree.Node, others: Sequence[tree.Node]) -> tree.Chain | None:
    if not isinstance(body, tree.Chain):
        return None
    first, last = body.members[0], body.members[-1]
    if isinstance(first, tree.Neg) and set(body.relations) <= _EQUAL and _is_named_by(first.body, others):
        members = tuple(_negated(each) for each in body.members[1:])
        return replace(body, members=(first.body, *members))
    name = last.body if isinstance(last, tree.Neg) else last
    if len(body.members) < 3 or body.relations[-1] not in _EQUAL or not _is_name(name):
        return None
    if not _is_named_by(name, others):
        return None
    value = body.members[-2]
    value = _negated(value) if isinstance(last, tree.Neg) else value
    return tree.Chain((name, value), ("=",), span=body.span)


def _is_name(node: tree.Node) -> bool:
    """Is this the name of an objective, or one in calligraphic letters, applied or not?"""
    head = node.head if isinstance(node, tree.Call) else node
    return names_objective(node) or (isinstance(head, tree.Symbol) and head.style == "cal")


def _negated(node: tree.Node) -> tree.Node:
    return node.body if isinstance(node, tree.Neg) else tree.Neg(node, span=node.span)


def _is_named_by(node: tree.Node, others: Sequence[tree.Node]) -> bool:
    """Do other statements use this name, and does none of them say what it is?"""
    head = node.head if isinstance(node, tree.Call) else node
    if not isinstance(head, tree.Symbol) or is_density_call(node):
        return False
    if any(_defines(each, head) for each in others):
        return False
    return any(part == head for each in others for part in each.walk())


def _defines(body: tree.Node, head: tree.Symbol) -> bool:
    if not isinstance(body, tree.Chain) or body.relations[0] not in _EQUAL:
        return False
    left = body.members[0]
    return (left.head if isinstance(left, tree.Call) else left) == head
