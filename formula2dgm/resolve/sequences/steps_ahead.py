r"""Recurrences written one step ahead: ``x_{k+1} = x_k + z_k`` from ``x_0`` on, which is ``x_k = x_{k-1} + z_k``.

What is drawn anew at each step has no number of its own: its draw at one step is as good as that at any other. Neither
has a value that only the recurrence reads, ``u_k = x_k + z_k`` of ``x_{k+1} = f(u_k)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

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
    between = _between(statements, first)
    staying = frozenset(drawn | between.keys())
    found, notes = [], []
    for statement in statements:
        body = statement.body
        left = _left(body) if isinstance(body, tree.Chain) else None
        index = _index_ahead(body, between) if left is not None and letter_of(left) in first else None
        if index is None and left is not None:
            index = between.get(letter_of(left))
        if index is None:
            found.append(statement)
            continue
        assert isinstance(body, tree.Chain)
        moved = _Back(index, staying).moved(body)
        found.append(statement.with_body(moved))
        notes.append(Note(f"{body} is {moved}", body.span))
    return found, notes


def _between(statements: Sequence[tree.Statement], first: set[str]) -> dict[str, str]:
    """The letters, with their index, of what statements define at the present step of a recurrence one step ahead, and
    nothing but the recurrence reads."""
    defined: dict[str, tuple[str, tree.Statement]] = {}
    ahead: dict[str, list[tree.Statement]] = {}
    for statement in statements:
        body = statement.body
        left = _left(body) if isinstance(body, tree.Chain) and body.relations[0] in ("=", ":=") else None
        if left is None:
            continue
        if (index := _ahead_of(left)) is not None and letter_of(left) in first:
            ahead.setdefault(index, []).append(statement)
        elif len(own := [text for _, item in scripts(left) if (text := plain(item)) is not None]) == 1:
            defined[letter_of(left)] = (own[0], statement)
    found: dict[str, str] = {}
    for index, chains in ahead.items():
        reached = list(chains)
        for statement in reached:
            body = statement.body
            assert isinstance(body, tree.Chain)
            for letter, _, item in _scripts(body.members[1:]):
                at, maker = defined.get(letter, ("", statement))
                if at == index == plain(item) and all(maker is not each for each in reached):
                    reached.append(maker)
                    found[letter] = index
        makes = {letter_of(left) for each in chains if (left := _left(each.body)) is not None}  # type: ignore[arg-type]
        read = {letter for letter, _, own in _scripts([each.body for each in reached]) if plain(own) == index}
        if not makes & read:
            found = {letter: own for letter, own in found.items() if own != index}
        others = [each.body for each in statements if all(each is not one for one in reached)]
        for letter in {letter for letter, _, _ in _scripts(others)} & found.keys():
            del found[letter]
    return found


def _left(chain: tree.Chain) -> tree.Symbol | None:
    left = chain.members[0]
    return left if isinstance(left, tree.Symbol) else None


def _reads(symbol: tree.Symbol, number: str) -> bool:
    return any(isinstance(each, tree.Number) and each.text == number for each in (*symbol.sub, *symbol.sup))


def _ahead_of(left: tree.Symbol) -> str | None:
    """k of ``x_{k+1}``."""
    for _, item in scripts(left):
        match item:
            case tree.Add((tree.Symbol() as name, tree.Number("1"))):
                return plain(name)
    return None


def _index_ahead(node: tree.Node, between: Mapping[str, str]) -> str | None:
    """k of ``x_{k+1} = ...`` whose right side reads ``x_k``, by itself or through what is defined at k."""
    if not isinstance(node, tree.Chain) or node.relations[0] not in ("=", ":=") or (left := _left(node)) is None:
        return None
    index = _ahead_of(left)
    read = {letter for letter, _, own in _scripts(node.members[1:]) if plain(own) == index}
    return index if index is not None and read & {letter_of(left), *between} else None


def _scripts(nodes: Sequence[tree.Node]) -> Iterator[tuple[str, Place, tree.Node]]:
    for each in (node for root in nodes for node in root.all(tree.Symbol)):
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
