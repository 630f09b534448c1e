"""Short ways to write a syntax tree by hand; spans do not take part in equality."""

from __future__ import annotations

from formula2dgm.spans import Source, Span
from formula2dgm.syntax import tree
from formula2dgm.syntax.tree import Node

NOWHERE = Span(Source(""), 0, 0)


def sym(letter: str, *sub: Node, accents: tuple[str, ...] = (), sup: tuple[Node, ...] = (), style: str = "") -> Node:
    return tree.Symbol(letter, accents, sub, sup, style, span=NOWHERE)


def num(text: str) -> Node:
    return tree.Number(text, span=NOWHERE)


def call(
    head: str | Node, *args: Node, given: tuple[Node, ...] | None = None, params: tuple[Node, ...] | None = None
) -> Node:
    return tree.Call(sym(head) if isinstance(head, str) else head, args, given, params, span=NOWHERE)


def make(kind: str, *args: object, **options: object) -> Node:
    """Any other node, by its class's name."""
    return getattr(tree, kind)(*args, span=NOWHERE, **options)


x, y, z, a, b, c, t, k, p, q = (sym(letter) for letter in "xyzabctkpq")
one = num("1")
