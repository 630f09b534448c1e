"""What names one thing by custom and another by place: ``\\mathcal{N}`` as a set, ``t = 1, \\dots, T`` as a range."""

from __future__ import annotations

from formula2dgm.reading.rewrite import map_children, replace
from formula2dgm.syntax import tree

_SETS = {"Normal": "N", "Uniform": "U"}
_WITHOUT_VALUES = (tree.SetOf, tree.Interval, tree.Range)


def sets_of_letters(node: tree.Node) -> tree.Node:
    """The tree with ``x \\in \\mathcal{N}_i`` read as a set, ``\\mathcal{U}(x)`` as a function: a distribution has no
    members, and is not applied to one value."""
    node = map_children(node, sets_of_letters)
    match node:
        case tree.Relates(op="in" | "notin" | "subset", right=tree.Symbol() as right) if right.letter in _SETS:
            return replace(node, right=_as_set(right))
        case tree.Chain(relations=("in" | "notin" | "subset",), members=(left, tree.Symbol() as right)):
            if right.letter in _SETS:
                return replace(node, members=(left, _as_set(right)))
        case tree.Abs(body=tree.Symbol() as body) if body.letter in _SETS:
            return replace(node, body=_as_set(body))
        case tree.Call(head=tree.Symbol() as head, args=(only,), given=None, params=None) if head.letter in _SETS:
            return node if isinstance(only, _WITHOUT_VALUES) else replace(node, head=_as_set(head))
        case tree.Chain(relations=("=",), members=(tree.Symbol() as name, tree.Tuple(items=items) as run)):
            if not name.sub and isinstance(items[0], tree.Number) and isinstance(items[-2], tree.Ellipsis):
                return tree.Chain((name, tree.SetOf(items, span=run.span)), ("in",), span=node.span)
    return node


def _as_set(symbol: tree.Symbol) -> tree.Symbol:
    return replace(symbol, letter=_SETS[symbol.letter], style="cal")
