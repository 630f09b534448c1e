r"""Densities that name the time of what they are over: ``p(x, T)`` beside ``x = z(T)`` is ``p(x)``, that of z at T."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.flow_equations import FlowEquation
from formula2dgm.reading.notes import Notes
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree
from formula2dgm.syntax.tree import Statement

_LETTERS = ("p", "q")


def without_times(equation: FlowEquation, statements: Sequence[Statement], notes: Notes) -> list[Statement]:
    """The statements with such densities over the state alone."""
    named = {name: time for each in statements for name, time in _names(equation, each.body)}

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        match node:
            case tree.Call(head=tree.Symbol() as head, args=(over, when), given=None) if head.letter in _LETTERS:
                time = named.get(over) or (equation.time_of(over) if isinstance(over, tree.Call) else None)
                if time is not None and when == time:
                    made = replace(node, args=(over,))
                    notes.add(f"{node} is {made}, the density of {equation.state} at {when}", node.span)
                    return made
        return node

    return [each.with_body(written(each.body)) for each in statements]


def _names(equation: FlowEquation, body: tree.Node) -> list[tuple[tree.Node, tree.Node]]:
    """``x`` and ``T`` of ``x = z(T)``."""
    match body:
        case tree.Chain((tree.Symbol() as name, state), ("=",)) | tree.Chain((state, tree.Symbol() as name), ("=",)):
            time = equation.time_of(state)
            return [] if time is None else [(name, time)]
    return []
