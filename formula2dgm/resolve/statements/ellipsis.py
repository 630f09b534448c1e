"""Lists with an ellipsis: ``z_1, \\dots, z_K ~ q`` is ``z_{1:K} ~ q``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def close_lists(node: tree.Node) -> tree.Node:
    """The tree with every drawn list written as a range."""
    node = map_children(node, close_lists)
    if isinstance(node, tree.Draws):
        return replace(node, names=tuple(closed(node.names)))
    if isinstance(node, tree.Chain) and node.relations[0] == "~" and isinstance(node.members[0], tree.Tuple):
        names = tuple(closed(node.members[0].items))
        left = names[0] if len(names) == 1 else replace(node.members[0], items=names)
        return replace(node, members=(left, *node.members[1:]))
    return node


def closed(names: Sequence[tree.Node]) -> list[tree.Node]:
    """``z_1, z_2, ..., z_K`` as ``z_{1:K}``; names without an ellipsis as they are."""
    if not any(isinstance(each, tree.Ellipsis) for each in names):
        return list(names)
    out: list[tree.Node] = []
    names = list(names)
    while names:
        dots = next((i for i, each in enumerate(names) if isinstance(each, tree.Ellipsis)), None)
        if dots is None or dots == 0 or dots + 1 == len(names):
            return out + names
        last = names[dots + 1]
        start = next((i for i in range(dots) if _range(names[i], last) is not None), None)
        if start is None:
            return out + names
        made = _range(names[start], last)
        assert made is not None
        out += [*names[:start], made]
        names = names[dots + 2 :]
    return out


def _range(first: tree.Node, last: tree.Node) -> tree.Symbol | None:
    """The range from one symbol to another of the same letter, read at one index each; None for anything else."""
    if not isinstance(first, tree.Symbol) or not isinstance(last, tree.Symbol):
        return None
    if (first.letter, first.accents, first.style) != (last.letter, last.accents, last.style):
        return None
    lower, upper = (*first.sub, *first.sup), (*last.sub, *last.sup)
    if len(lower) != 1 or len(upper) != 1:
        return None
    span = first.span | last.span
    return replace(first, sub=(tree.Range(lower[0], upper[0], span=span),), sup=(), span=span)
