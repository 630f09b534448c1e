"""Names with a number or an index, ``f_3``, ``z_{k-1}``, and compositions of functions."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.reading.names import GREEK_GROUPS, plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def composed(node: tree.Node) -> tuple[tuple[tree.Node, ...], tree.Call | None]:
    """The functions of ``f_2 \\circ f_1``, the last applied first, and the call that ends ``f_2 \\circ f_1(x)``."""
    if isinstance(node, tree.Mul) and set(node.ops) == {"circ"}:
        last = node.factors[-1]
        if isinstance(last, tree.Call):
            return (*node.factors[:-1], last.head), last
        return node.factors, None
    if isinstance(node, tree.Mul) and len(node.ops) > 1 and set(node.ops[:-1]) == {"circ"} and node.ops[-1] == "":
        # (f_2 \circ f_1)(x): the brackets around the functions are not kept
        head = tree.Mul(node.factors[:-1], node.ops[:-1], span=node.span)
        return node.factors[:-1], tree.Call(head, node.factors[-1:], span=node.span)
    if isinstance(node, tree.Call) and isinstance(node.head, tree.Mul) and set(node.head.ops) == {"circ"}:
        return node.head.factors, node
    return (), None


def at_index(node: tree.Node, index: str, number: int) -> tree.Node:
    """The tree with a number in place of an index: ``z_{k-1}`` at 1 is ``z_0``. The k of a call ``k(x)`` is none."""
    if plain(node) == index:
        return number_node(number, node)
    head = node.head if isinstance(node, tree.Call) and plain(node.head) == index else None
    node = map_children(node, lambda each: each if each is head else at_index(each, index, number))
    if isinstance(node, tree.Add) and all(map(is_signed_whole, node.terms)):
        return number_node(sum(int(str(each)) for each in node.terms), node)
    return node


def stem_of(symbol: tree.Symbol) -> tree.Symbol:
    """The name without its number or index."""
    return replace(symbol, sub=tuple(filter(is_group, symbol.sub)), sup=tuple(filter(is_group, symbol.sup)))


def numbered(stem: tree.Symbol, item: tree.Node) -> tree.Symbol:
    return replace(stem, sub=(item, *stem.sub))


def number_node(number: int, at: tree.Node) -> tree.Number:
    return tree.Number(str(number), span=at.span)


def index_of(symbol: tree.Symbol) -> tree.Node | None:
    """The one item of a name that is no parameter group: ``K`` of ``f_K``, ``k - 1`` of ``z_{k-1}``."""
    items = [each for each in (*symbol.sub, *symbol.sup) if not is_group(each)]
    return items[0] if len(items) == 1 else None


def position_of(symbol: tree.Symbol) -> int | None:
    item = index_of(symbol)
    return int(str(item)) if item is not None and is_whole(item) else None


def is_group(item: tree.Node) -> bool:
    return isinstance(item, tree.Symbol) and item.letter in GREEK_GROUPS


def is_whole(node: tree.Node) -> bool:
    return isinstance(node, tree.Number) and node.text.isdigit()


def is_signed_whole(node: tree.Node) -> bool:
    return is_whole(node.body if isinstance(node, tree.Neg) else node)


def lower_bound(node: tree.Big) -> int | None:
    item = node.binders[0]
    start = item.value if isinstance(item, tree.Binds) else None
    start = start.lower if isinstance(start, tree.Range) else start
    return int(str(start)) if start is not None and is_whole(start) else None


def function_at_index(left: tree.Node) -> tuple[tree.Symbol, str] | None:
    """The name and the index of ``f_k(z) = ...``."""
    head = left.head if isinstance(left, tree.Call) and left.given is None else None
    item = index_of(head) if isinstance(head, tree.Symbol) else None
    if not isinstance(head, tree.Symbol) or not isinstance(item, tree.Symbol):
        return None
    return stem_of(head), plain(item) or ""
