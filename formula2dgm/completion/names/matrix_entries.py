r"""Entries of matrices that are made of vectors, of which no matrix is made.

``[\frac1n \sum_b u_b v_b^\top]_{ij}`` is ``\frac1n \sum_b [u_b]_i [v_b]_j``.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS


def is_outer(node: tree.Node) -> bool:
    """Is this a matrix made of columns times rows, ``u v^\\top``, summed, weighed or added?"""
    match node:
        case tree.Mul(factors):
            return _is_row(factors[-1]) and not _is_row(factors[-2]) or is_outer(factors[-1])
        case tree.Big(op="sum", body=body) | tree.Neg(body) | tree.Labelled(body) | tree.Div(body):
            return is_outer(body)
        case tree.Add(terms):
            return all(map(is_outer, terms))
    return False


def matrix_entry(node: tree.Node, first: tree.Node, second: tree.Node, indices: set[str]) -> tree.Node | None:
    """The entry of such a matrix at a row and a column; None of anything else. ``indices``: all that the text binds."""
    if not is_outer(node):
        return None
    taken = {*indices, plain(first), plain(second)}
    return _entry(node, first, second, taken)


def _is_row(node: tree.Node) -> bool:
    return isinstance(node, tree.Power) and plain(node.exponent) == "top"


def _entry(node: tree.Node, first: tree.Node, second: tree.Node, taken: set[str | None]) -> tree.Node:
    match node:
        case tree.Mul((*rest, column, tree.Power(row, _) as last), ops) if _is_row(last):
            one = tree.Indexed(column, (first,), span=column.span)
            other = tree.Indexed(row, (second,), span=last.span)
            return replace(node, factors=(*rest, one, other), ops=(*ops[:-1], ""))
        case tree.Mul((*rest, last)):
            return replace(node, factors=(*rest, _entry(last, first, second, taken)))
        case tree.Big():
            free = _renamed(node, {plain(first), plain(second)}, taken)
            return replace(free, body=_entry(free.body, first, second, taken))
        case tree.Div(top):
            return replace(node, numerator=_entry(top, first, second, taken))
        case tree.Add(terms):
            return replace(node, terms=tuple(_entry(each, first, second, taken) for each in terms))
        case tree.Neg(body) | tree.Labelled(body):
            return replace(node, body=_entry(body, first, second, taken))
    raise TypeError(type(node).__name__)


def _renamed(big: tree.Big, used: set[str | None], taken: set[str | None]) -> tree.Big:
    """The sum over an index of another name, where its own is that of a row or a column."""
    for name, _ in list(binder_names(big)):
        if name in used:
            other = next((each for each in sorted(INDEX_LETTERS - {"s", "t"}) if each not in taken), None)
            if other is None:
                continue
            taken.add(other)
            made = _with(big, name, other)
            assert isinstance(made, tree.Big)
            big = made
    return big


def _with(node: tree.Node, name: str, other: str) -> tree.Node:
    if plain(node) == name:
        return tree.Symbol(other, span=node.span)
    return map_children(node, lambda each: _with(each, name, other))
