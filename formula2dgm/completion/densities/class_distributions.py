r"""Divergences between the outputs of networks: ``KL(\sigma(f(x)) \| \sigma(g(x)))``, \sigma the softmax.

A divergence compares distributions. A squashed vector is one where \sigma is the softmax, over classes; the logistic
function of every entry is none. Where both sides are \sigma of something, and the text says nothing else of \sigma, it
is the softmax in the whole divergence; elsewhere the same letter would be the logistic function, which is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
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

    made = [each.with_body(rebuild(each.body)) for each in statements]
    other = next((each for statement in made for each in statement.body.walk() if _is_call(each)), None)
    if notes and other is not None:
        message = f"sigma is the softmax in a divergence over classes, and {other} is another function"
        hint = "write softmax(...) for the one, and sigmoid(...) for the other"
        raise FormulaError(Diagnostic("F2D-0643", "error", message, other.span, hint))
    return made, notes


def _is_squashed(side: tree.Node) -> bool:
    return _is_call(_inside(side))


def _is_call(node: tree.Node) -> bool:
    """``\\sigma(a)``."""
    return isinstance(node, tree.Call) and node.head == SIGMA and len(node.args) == 1 and node.given is None


def _inside(side: tree.Node) -> tree.Node:
    """A side without the stopped gradient around it."""
    return side.args[0] if isinstance(side, tree.Func) and side.name == "sg" and len(side.args) == 1 else side


def _softmax(side: tree.Node) -> tree.Node:
    inside = _inside(side)
    assert isinstance(inside, tree.Call)
    made = tree.Func("softmax", inside.args, span=inside.span)
    return made if inside is side else replace(side, args=(made,))  # type: ignore[call-arg]
