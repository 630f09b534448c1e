r"""Parameters that a function has among its values: theta of ``\min_\theta \|y - f(x, \theta)\|^2``.

What is trained is no value of the batch: a letter of parameters that an operator or the head of a loss names, and that
the text has nowhere but beside the values of functions, stands behind a semicolon, ``f(x; \theta)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeGuard

from formula2dgm.reading.kinds import PARAMETER_LETTERS
from formula2dgm.reading.notes import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call, names_objective
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.syntax import tree


def part_parameters(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such parameters behind semicolons, and what was decided."""
    trained = {str(each) for statement in statements for each in _trained(statement.body)}
    parted = trained - {each for statement in statements for each in _elsewhere(statement.body, trained)}
    notes: list[Note] = []

    def part(node: tree.Node) -> tree.Node:
        node = map_children(node, part)
        if not _is_function(node) or not (own := [each for each in node.args if str(each) in parted]):
            return node
        listed = ", ".join(map(str, own))
        notes.append(Note(f"{listed} is no value of {node.head} but its parameters: it is what is trained", node.span))
        values = tuple(each for each in node.args if each not in own)
        return replace(node, args=values, params=(*(node.params or ()), *own))

    if not parted:
        return list(statements), []
    return [each.with_body(part(each.body)) for each in statements], notes


def _trained(body: tree.Node) -> Iterator[tree.Symbol]:
    """The letters of parameters that operators and heads of losses name."""
    for node in body.walk():
        names: tuple[tree.Node, ...] = node.names if isinstance(node, tree.Optimise) else ()
        if isinstance(node, tree.Call) and names_objective(node):
            names = node.args
        yield from (each for each in names if isinstance(each, tree.Symbol) and each.letter in PARAMETER_LETTERS)


def _elsewhere(node: tree.Node, trained: set[str]) -> Iterator[str]:
    """Those that stand anywhere but under operators, in heads of losses, and beside the values of functions."""
    if isinstance(node, tree.Symbol) and str(node) in trained:
        yield str(node)
    children = list(node.children)
    if isinstance(node, tree.Optimise):
        children = [node.body]
    elif _is_function(node) and any(str(each) not in trained for each in node.args):
        children = [each for each in children if str(each) not in trained]
    elif isinstance(node, tree.Call) and names_objective(node):
        children = [each for each in children if each not in node.args]
    for each in children:
        yield from _elsewhere(each, trained)


def _is_function(node: tree.Node) -> TypeGuard[tree.Call]:
    if not isinstance(node, tree.Call) or node.given is not None or not isinstance(node.head, tree.Symbol):
        return False
    return not (is_density_call(node) or names_objective(node) or is_written_family(node))
