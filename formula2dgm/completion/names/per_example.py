r"""Losses of one example: ``\mathcal{L}_i = -\log \frac{s(x_i, y_i)}{\sum_j s(x_i, y_j)}``, averaged over i.

The name carries an index that nothing binds, and a sum inside runs over the other examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.signature import names_objective
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS


def average_examples(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with every such loss averaged over its examples, and what was decided."""
    out, notes = list(statements), []
    for position, statement in enumerate(statements):
        body = statement.body
        others = [each for each in statements if each is not statement]
        index = _own_index(body)
        if index is None or not isinstance(body, tree.Chain) or _is_used(body.members[0], others):
            continue
        upper = _size_beside(body.members[-1], index)
        if upper is None:
            continue
        last, span = body.members[-1], body.members[-1].span
        binder = tree.Binds(tree.Symbol(index, span=span), tree.Number("1", span=span), span=span)
        share = tree.Div(tree.Number("1", span=span), upper, span=span)
        total = tree.Big("sum", (binder,), upper, last, False, span=span)
        mean = tree.Mul((share, total), ("",), span=span)
        out[position] = statement.with_body(replace(body, members=(*body.members[:-1], mean)))
        notes.append(Note(f"{body.members[0]} is the loss of one example: it is averaged over {index}", span))
    return out, notes


def _own_index(body: tree.Node) -> str | None:
    """The index i of an objective named ``L_i``."""
    name = body.members[0] if isinstance(body, tree.Chain) and body.relations[0] in ("=", ":=") else None
    if not isinstance(name, tree.Symbol) or not names_objective(name) or len(name.sub) != 1 or name.sup:
        return None
    index = plain(name.sub[0])
    return index if index in INDEX_LETTERS else None


def _is_used(name: tree.Node, statements: Sequence[tree.Statement]) -> bool:
    """Does another statement read the name, at any index?"""
    assert isinstance(name, tree.Symbol)
    return any(
        isinstance(each, tree.Symbol) and (each.letter, each.style) == (name.letter, name.style)
        for statement in statements
        for each in statement.body.walk()
    )


def _size_beside(body: tree.Node, index: str) -> tree.Node | None:
    """What a sum over another index runs to, in which something stands at the free index: the size of the batch."""
    for each in body.walk():
        if not isinstance(each, tree.Big):
            continue
        names = [name for name, _ in binder_names(each)]
        reads = set(_indices(each.body))
        mine = [name for name in names if name != index]
        if mine and {index, mine[0]} <= reads | set(names):
            return each.upper or tree.Symbol("B", span=each.span)
    return None


def _indices(node: tree.Node) -> Iterator[str | None]:
    """The indices at which values are read: ``f_i`` of ``f_i(x_n)`` numbers the functions, and no examples."""
    if isinstance(node, tree.Symbol):
        yield from map(plain, node.sub)
    inside = (*node.args, *(node.given or ())) if isinstance(node, tree.Call) else tuple(node.children)
    for each in inside:
        yield from _indices(each)
