r"""Ranges that name what runs over them: ``z_{j<i}``, ``z_{t, j<i}``, ``x_{t' \le t}``, ``z_{1 \le j < i}``.

Below a letter j stands for each of the places before i, and is read nowhere else: the range is ``z_{<i}``. A letter
that the text has another use of, the order z of ``x_{z<t}``, is left where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

_OPEN = ("<", "<=", ">", ">=")


def write_ranges(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements with such ranges as they are written elsewhere."""
    nodes = [node for each in statements for node in each.body.walk()]
    named = [item for node in nodes if isinstance(node, tree.Symbol) for item in node.sub if _name(item) is not None]
    if not named:
        return list(statements)
    inside = {id(part) for item in named for part in item.walk()}
    elsewhere = {str(each) for each in nodes if isinstance(each, tree.Symbol) and id(each) not in inside}
    elsewhere |= {name for each in nodes if isinstance(each, tree.Big) for name, _ in binder_names(each)}

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        if not isinstance(node, tree.Symbol):
            return node
        return replace(node, sub=tuple(_opened(each, elsewhere) for each in node.sub))

    return [each.with_body(written(each.body)) for each in statements]


def _opened(item: tree.Node, elsewhere: set[str]) -> tree.Node:
    name = _name(item)
    if name is None or str(name) in elsewhere or (plain(name) is None and name.accents != ("prime",)):
        return item
    op, bound = _end(item)
    return tree.OpenRange(op, bound, span=item.span)


def _name(item: tree.Node) -> tree.Symbol | None:
    """j of ``j < i`` and of ``1 \\le j < i``."""
    match item:
        case tree.Relates(tree.Symbol(sub=(), sup=()) as name, op, _) if op in _OPEN:
            return name
        case tree.Chain(members=(tree.Number("1"), tree.Symbol(sub=(), sup=()) as name, _), relations=("<=", op)):
            return name if op in ("<", "<=") else None
    return None


def _end(item: tree.Node) -> tuple[str, tree.Node]:
    match item:
        case tree.Relates(_, op, right):
            return op, right
        case tree.Chain(members=(_, _, right), relations=(_, op)):
            return op, right
    raise AssertionError(item)
