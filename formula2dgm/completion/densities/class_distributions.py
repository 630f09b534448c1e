r"""Divergences between the outputs of networks: ``KL(\sigma(f(x)) \| \sigma(g(x)))``, \sigma the softmax.

A divergence compares distributions. A squashed vector is one where \sigma is the softmax, over classes; the logistic
function of every entry is none. Where both sides are \sigma of something, and the text says nothing else of \sigma, it
is the softmax in the whole divergence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

SIGMA = tree.Symbol("sigma", span=None)  # type: ignore[arg-type]


def write_softmax(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the softmax in such divergences, and what was decided. ``bound`` are the bindings' keys."""
    heads = [each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)]
    said = {each.head if isinstance(each, tree.Call) else each for each in (*heads, *bound)}
    if SIGMA in said:
        return list(statements), []
    notes: list[Note] = []

    def rebuild(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Divergence) and _is_squashed(node.left) and _is_squashed(node.right):
            notes.append(Note(f"sigma is the softmax in {node}, which compares distributions over classes", node.span))
            return replace(node, left=_softmax(node.left), right=_softmax(node.right))
        return map_children(node, rebuild)

    return [replace(each, body=rebuild(each.body)) for each in statements], notes


def _is_squashed(side: tree.Node) -> bool:
    inside = _inside(side)
    return isinstance(inside, tree.Call) and inside.head == SIGMA and len(inside.args) == 1 and inside.given is None


def _inside(side: tree.Node) -> tree.Node:
    """A side without the stopped gradient around it."""
    return side.args[0] if isinstance(side, tree.Func) and side.name == "sg" and len(side.args) == 1 else side


def _softmax(side: tree.Node) -> tree.Node:
    inside = _inside(side)
    assert isinstance(inside, tree.Call)
    made = tree.Func("softmax", inside.args, span=inside.span)
    return made if inside is side else replace(side, args=(made,))  # type: ignore[call-arg]
