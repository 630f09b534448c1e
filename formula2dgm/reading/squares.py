r"""Definitions of a square, ``\alpha_t^2 = \mathrm{sigmoid}(-\gamma(t))``: of its positive root.

What an objective is made of, an expectation, a norm or a divergence, is no root where nothing reads one:
``M^2 = E[...]`` stands for its body where only ``M^2`` is read, and ``\mathcal{L}^2 = E[...]`` is an objective. An
estimate of what is positive can be negative, and the root of a mean is another objective.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading.notes import Note, Notes
from formula2dgm.reading.objective_like import is_objective_like
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import names_objective
from formula2dgm.syntax import tree


def root_squares(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the root on the left side, where nothing else defines it; what was decided."""
    firsts = [each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)]
    squared = [each.base for each in firsts if isinstance(each, tree.Power) and isinstance(each.base, tree.Symbol)]
    notes = Notes()
    out: list[tree.Statement] = []
    whole: dict[tree.Node, tree.Node] = {}
    for statement in statements:
        match statement.body:
            case tree.Chain(
                members=(tree.Power(tree.Symbol() as name, tree.Number("2")) as square, body), relations=("=" | ":=",)
            ) if name not in firsts:
                nested = any(True for each in squared for _ in _read(body, each))
                others = [each.body for each in statements if each is not statement]
                reads = [each for other in others for each in _read(other, name)]
                if nested or not is_objective_like(body) or not (reads or names_objective(name)):
                    out.append(_rooted(statement, name, body, notes))
                elif not reads:
                    notes.add(f"{square} is the objective, and no root of it is taken", square.span)
                    out.append(statement.with_body(replace(statement.body, members=(name, body))))
                elif all(each == square for each in reads):
                    notes.add(f"{square} is {body}: no root of it is read", square.span)
                    whole[square] = body
                else:
                    out.append(_rooted(statement, name, body, notes))
            case _:
                out.append(statement)
    return ([each.with_body(_put(each.body, whole)) for each in out] if whole else out), notes.found


def _rooted(statement: tree.Statement, name: tree.Symbol, body: tree.Node, notes: Notes) -> tree.Statement:
    assert isinstance(statement.body, tree.Chain)
    square = statement.body.members[0]
    notes.add(f"{name} is the positive root of what the text says of {square}", square.span)
    return statement.with_body(replace(statement.body, members=(name, tree.Sqrt(body, None, span=body.span))))


def _read(node: tree.Node, name: tree.Symbol) -> Iterator[tree.Node]:
    """Where the name is read, as it is or at another index: the square around it, or the name alone."""
    match node:
        case tree.Power(tree.Symbol() as base, tree.Number("2")) if _is_same(base, name):
            yield node
        case tree.Symbol() if _is_same(node, name):
            yield node
        case _:
            for each in node.children:
                yield from _read(each, name)


def _is_same(one: tree.Symbol, other: tree.Symbol) -> bool:
    return (one.letter, one.accents, one.style) == (other.letter, other.accents, other.style)


def _put(node: tree.Node, whole: dict[tree.Node, tree.Node]) -> tree.Node:
    """The node with what squares stand for."""
    if node in whole:
        return whole[node]
    return map_children(node, lambda each: _put(each, whole))
