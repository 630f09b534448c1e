r"""Distributions over classes that are written as their probabilities: ``KL[softmax(u) || softmax(v)]``.

In a divergence and an entropy a softmax stands for the classes that have these probabilities, ``Cat(k; softmax(u))``; a
cross-entropy of a label y and a softmax is ``-\log Cat(y; softmax(u))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import names_objective
from formula2dgm.syntax import tree

#: What the class is called, the first letter that the text does not use.
_LETTERS = ("k", "c", "j", "y", "a", "b")
_STOPS = ("sg", "stopgrad", "detach")


def write_classes(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such vectors as families, and what was decided."""
    nodes = [node for each in statements for node in each.body.walk()]
    if not any(_is_softmax(each) for each in nodes):
        return list(statements), []
    notes: list[Note] = []
    heads = [each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)]
    says_who = any(isinstance(each, tree.Optimise) and each.names for each in nodes)
    says_who = says_who or any(isinstance(each, tree.Call) and names_objective(each) for each in heads)
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
                if not says_who and _may_be_trained(left) and _may_be_trained(right):
                    said = f"nothing holds {left} constant beside {right}: what it is made of is trained, too"
                    notes.append(Note(said, left.span))
                return replace(node, left=side(left), right=side(right))
            case tree.Func(name="H", args=args):
                return replace(node, args=tuple(map(side, args)))
            case tree.Call(head=tree.Symbol("CE"), args=(tree.Symbol() as label, tree.Func() as vector)) if _is_softmax(
                vector
            ):
                scored = tree.Prefix("log", _classes(label, vector), (), span=node.span)
                return tree.Neg(scored, span=node.span)
        return node

    return [each.with_body(written(each.body)) for each in statements], notes


def _classes(variable: tree.Symbol, vector: tree.Node) -> tree.Call:
    return tree.Call(tree.Symbol("Cat", span=vector.span), (variable,), None, (vector,), span=vector.span)


def _is_softmax(node: tree.Node) -> bool:
    return isinstance(node, tree.Func) and node.name == "softmax"


def _may_be_trained(node: tree.Node) -> bool:
    """Is this a softmax of no stopped gradient?"""
    stopped = any(isinstance(each, tree.Func | tree.Prefix) and each.name in _STOPS for each in node.walk())
    return _is_softmax(node) and not stopped


def _names_softmax(body: tree.Node) -> bool:
    return isinstance(body, tree.Chain) and isinstance(body.members[0], tree.Symbol) and _is_softmax(body.members[-1])


def _defined(body: tree.Node) -> tuple[tree.Node, tree.Node]:
    assert isinstance(body, tree.Chain)
    return body.members[0], body.members[-1]
