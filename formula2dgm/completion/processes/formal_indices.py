r"""Definitions for any index: ``t_i = i / N`` says what ``t_n`` is, where n is summed or drawn and i is not.

So a definition with an index that stands in such definitions alone, and that its right side reads as a number, gets the
letter of the index that the text reads it at.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import mentions, plain
from formula2dgm.reading.positions import letter_of, positions_in
from formula2dgm.reading.shifting import put
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS


def name_formal_indices(
    statements: Sequence[tree.Statement], keys: Collection[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with these definitions at the index that is read.

    >>> from formula2dgm.syntax import parse
    >>> text = r"E_{n ~ U\\{1, N\\}} ||f(x + t_n z)||^2; t_i = i / N"
    >>> str(name_formal_indices(parse(text)[0], ())[0][1])
    't_n = n / N'
    """
    bodies = [each.body for each in statements]
    sums = [each for body in bodies for each in body.all(tree.Big)]
    bound = {name for each in sums for name, _ in binder_names(each)}
    bound |= positions_in(bodies)
    notes: list[Note] = []
    for index in sorted(INDEX_LETTERS - bound):
        own = [each for each in bodies if mentions(each, {index})]
        lefts = [left for each in own if (left := _left_at(each, index)) is not None]
        if not own or len(lefts) < len(own) or any(mentions(each, {index}) for each in keys):
            continue
        if not any(_reads(each.members[1], index) for each in own if isinstance(each, tree.Chain)):
            continue
        letters = {letter_of(each) for each in lefts if plain(each.sub[0]) == index}
        others = {name for each in bodies if each not in own for name in _subscripts(each, letters)} & bound
        if len(others) == 1 and not any(mentions(each, others) for each in own):
            (other,) = others
            notes += [Note(f"{each} is so at any {index}: at {other}", each.span) for each in own]
            bodies = [put(each, index, tree.Symbol(other, span=each.span)) if each in own else each for each in bodies]
    return [each.with_body(body) for each, body in zip(statements, bodies, strict=True)], notes


def _left_at(body: tree.Node, index: str) -> tree.Symbol | None:
    """``t_i`` of ``t_i = ...``, and ``x_{t_i}``."""
    match body:
        case tree.Chain(members=(tree.Symbol(sub=(below,)) as left, _), relations=("=" | ":=",)):
            return left if mentions(below, {index}) else None
    return None


def _subscripts(body: tree.Node, letters: Collection[str]) -> set[str]:
    """The names below these letters."""
    symbols = (each for each in body.all(tree.Symbol) if letter_of(each) in letters)
    return {name for each in symbols for item in each.sub if (name := plain(item)) is not None}


def _reads(node: tree.Node, index: str) -> bool:
    """Does it read the index as a number, and not only below a letter?"""
    if isinstance(node, tree.Symbol):
        return plain(node) == index
    return any(_reads(each, index) for each in node.children)
