r"""Values of pairs that a statement defines: ``s_{ij} = f(x_i)^\top g(y_j) / \tau``, read as ``s_{ii}`` and ``s_{ij}``.

Each is written out where it is read, so that a sum over one index sees what is read at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS


@dataclass(frozen=True, slots=True)
class _Pair:
    """``name_{first, second} = body``."""

    name: tree.Symbol
    indices: tuple[tree.Node, tree.Node]
    body: tree.Node


def write_pairs(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> list[tree.Statement]:
    """The statements with the values of pairs written out, without their definitions; ``keys`` are what is bound."""
    bound = {_bare(each) for each in keys if isinstance(each, tree.Symbol)}
    pairs: dict[tree.Node, _Pair] = {}
    out: list[tree.Statement] = []
    for each in statements:
        pair = _defined(each.body)
        if pair is None or pair.name in bound or pair.name in pairs:
            out.append(each)
        else:
            pairs[pair.name] = pair
    written = [each.with_body(_written(each.body, pairs, frozenset())) for each in out] if pairs else out
    return written if any(_has_sum(each.body) for each in written) else list(statements)


def _defined(body: tree.Node) -> _Pair | None:
    """A definition at two different indices of which its right side reads both."""
    match body:
        case tree.Chain(members=(tree.Symbol() as left, right), relations=("=" | ":=",)) if found := _two(left):
            read = {plain(at) for each in right.walk() for at in _read_at(each)}
            if found[0] != found[1] and {plain(each) for each in found} <= read:
                return _Pair(_bare(left), found, right)
    return None


def _read_at(node: tree.Node) -> tuple[tree.Node, ...]:
    """The indices that a node reads something at."""
    match node:
        case tree.Symbol(sub=sub):
            return sub
        case tree.Indexed(index=index):
            return index
    return ()


def _two(symbol: tree.Symbol) -> tuple[tree.Node, tree.Node] | None:
    """The two indices below a name; in plain text ``s_{ij}`` has them in one word."""
    items = symbol.sub
    if len(items) == 1 and len(word := plain(items[0]) or "") == 2:
        items = tuple(tree.Symbol(each, span=items[0].span) for each in word)
    if symbol.sup or len(items) != 2 or not {plain(each) for each in items} <= INDEX_LETTERS - {"s", "t"}:
        return None
    return items[0], items[1]


def _bare(symbol: tree.Symbol) -> tree.Symbol:
    return replace(symbol, sub=(), sup=())


def _written(node: tree.Node, pairs: dict[tree.Node, _Pair], inside: frozenset[tree.Node]) -> tree.Node:
    """The tree with each value of a pair as its definition at the indices it is read at."""
    if isinstance(node, tree.Symbol) and (found := _two(node)) is not None:
        pair = pairs.get(_bare(node))
        if pair is not None and pair.name not in inside:
            put = {index: at for index, at in zip(pair.indices, found, strict=True) if index != at}
            return _written(_put(pair.body, put), pairs, inside | {pair.name})
    return map_children(node, lambda each: _written(each, pairs, inside))


def _put(node: tree.Node, put: dict[tree.Node, tree.Node]) -> tree.Node:
    if isinstance(node, tree.Indexed):
        index = tuple(put.get(each, each) for each in node.index)
        return replace(node, body=_put(node.body, put), index=index)
    if isinstance(node, tree.Symbol) and (node.sub or node.sup):
        sides = (tuple(put.get(each, _put(each, put)) for each in side) for side in (node.sub, node.sup))
        return replace(node, sub=next(sides), sup=next(sides))
    return map_children(node, lambda each: _put(each, put))


def _has_sum(body: tree.Node) -> bool:
    return any(isinstance(each, tree.Big) for each in body.walk())
