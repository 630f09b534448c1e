r"""Recurrences written one step ahead: ``x_{k+1} = x_k + z_k`` from ``x_0`` on, which is ``x_k = x_{k-1} + z_k``.

What is drawn anew at each step has no number of its own: its draw at one step is as good as that at any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.names import Place, plain, scripts
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def at_present(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements, each recurrence at the step that it defines, and what was decided."""
    chains = [each.body for each in statements if isinstance(each.body, tree.Chain)]
    first = {letter_of(left) for left in map(_left, chains) if left is not None and _reads(left, "0")}
    drawn = {
        letter_of(left) for each in chains if each.relations[0] == "~" and (left := _left(each)) is not None
    } - first
    found, notes = [], []
    for statement in statements:
        body, index = statement.body, _index_ahead(statement.body)
        left = _left(body) if isinstance(body, tree.Chain) else None
        if index is None or left is None or letter_of(left) not in first:
            found.append(statement)
            continue
        assert isinstance(body, tree.Chain)
        moved = _Back(index, frozenset(drawn)).moved(body)
        found.append(replace(statement, body=moved))
        notes.append(Note(f"{body} is {moved}", body.span))
    return found, notes


def _left(chain: tree.Chain) -> tree.Symbol | None:
    left = chain.members[0]
    return left if isinstance(left, tree.Symbol) else None


def _reads(symbol: tree.Symbol, number: str) -> bool:
    return any(isinstance(each, tree.Number) and each.text == number for each in (*symbol.sub, *symbol.sup))


def _index_ahead(node: tree.Node) -> str | None:
    """k of ``x_{k+1} = ...`` whose right side reads ``x_k``."""
    if not isinstance(node, tree.Chain) or node.relations[0] not in ("=", ":=") or (left := _left(node)) is None:
        return None
    for place, item in scripts(left):
        match item:
            case tree.Add((tree.Symbol() as name, tree.Number("1"))) if (index := plain(name)) is not None:
                read = {(letter, at) for letter, at, own in _scripts(node.members[1:]) if plain(own) == index}
                return index if (letter_of(left), place) in read else None
    return None


def _scripts(nodes: Sequence[tree.Node]) -> Iterator[tuple[str, Place, tree.Node]]:
    for each in (node for root in nodes for node in root.walk() if isinstance(node, tree.Symbol)):
        for place, item in scripts(each):
            yield letter_of(each), place, item


class _Back:
    """Moves a statement to the step before; what is drawn at each step stays."""

    def __init__(self, index: str, drawn: frozenset[str]):
        self.index, self.drawn = index, drawn

    def moved(self, node: tree.Node) -> tree.Node:
        match node:
            case tree.Add((tree.Symbol() as name, tree.Number("1"))) if plain(name) == self.index:
                return name
            case tree.Symbol() if plain(node) == self.index:
                return tree.Add((node, tree.Neg(tree.Number("1", span=node.span), span=node.span)), span=node.span)
            case tree.Symbol() if letter_of(node) in self.drawn and self._is_of_step(node):
                return node
        return map_children(node, self.moved)

    def _is_of_step(self, symbol: tree.Symbol) -> bool:
        return any(plain(each) == self.index for each in (*symbol.sub, *symbol.sup))
