r"""Distributions over classes that are written as their probabilities: ``KL[softmax(u) || softmax(v)]``.

In a divergence and an entropy a softmax stands for the classes that have these probabilities, ``Cat(k; softmax(u))``; a
cross-entropy of a label y and a softmax is ``-\log Cat(y; softmax(u))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

#: What the class is called, the first letter that the text does not use.
_LETTERS = ("k", "c", "j", "y", "a", "b")


def write_classes(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements with such vectors as families."""
    nodes = [node for each in statements for node in each.body.walk()]
    if not any(_is_softmax(each) for each in nodes):
        return list(statements)
    used = {each.letter for each in nodes if isinstance(each, tree.Symbol)}
    letter = next((each for each in _LETTERS if each not in used), "kk")
    defined = dict(_defined(each.body) for each in statements if _names_softmax(each.body))

    def side(node: tree.Node) -> tree.Node:
        match node:
            case tree.Func(name="sg", args=(inner,)):
                return replace(node, args=(side(inner),))
            case tree.Func() if _is_softmax(node):
                return _classes(tree.Symbol(letter, span=node.span), node)
            case tree.Symbol() if node in defined:
                return _classes(tree.Symbol(letter, span=node.span), replace(defined[node], span=node.span))
        return node

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        match node:
            case tree.Divergence(left=left, right=right):
                return replace(node, left=side(left), right=side(right))
            case tree.Func(name="H", args=args):
                return replace(node, args=tuple(map(side, args)))
            case tree.Call(head=tree.Symbol("CE"), args=(tree.Symbol() as label, tree.Func() as vector)) if _is_softmax(
                vector
            ):
                scored = tree.Prefix("log", _classes(label, vector), (), span=node.span)
                return tree.Neg(scored, span=node.span)
        return node

    return [replace(each, body=written(each.body)) for each in statements]


def _classes(variable: tree.Symbol, vector: tree.Node) -> tree.Call:
    return tree.Call(tree.Symbol("Cat", span=vector.span), (variable,), None, (vector,), span=vector.span)


def _is_softmax(node: tree.Node) -> bool:
    return isinstance(node, tree.Func) and node.name == "softmax"


def _names_softmax(body: tree.Node) -> bool:
    return isinstance(body, tree.Chain) and isinstance(body.members[0], tree.Symbol) and _is_softmax(body.members[-1])


def _defined(body: tree.Node) -> tuple[tree.Node, tree.Node]:
    assert isinstance(body, tree.Chain)
    return body.members[0], body.members[-1]
