r"""Squares of differences from a gradient: ``(s(x) - \nabla_x \log p(x))^2`` is ``\|s(x) - \nabla_x \log p(x)\|^2``.

The gradient of a number is a vector, and the square of a vector is its product with itself. ``\nabla f(x)^2`` is the
gradient of the square, which is said.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading.notes import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def write_norms(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such squares as squared norms, and what was decided."""
    notes: list[Note] = []

    def rebuild(node: tree.Node) -> tree.Node:
        node = map_children(node, rebuild)
        match node:
            case tree.Power(tree.Add(terms) as base, tree.Number("2") as two) if any(map(_is_gradient, terms)):
                made = tree.Power(tree.Norm(base, span=base.span), two, span=node.span)
                notes.append(Note(f"{node} is {made}: the square of a vector", node.span))
                return made
            case tree.Prefix("grad", tree.Power(tree.Call() as base, exponent) as inside):
                said = f"{node.name} covers {inside}, the power: that of the gradient is (\\nabla {base})^{exponent}"
                notes.append(Note(said, node.span))
        return node

    return [each.with_body(rebuild(each.body)) for each in statements], notes


def _is_gradient(term: tree.Node) -> bool:
    """``\\nabla_x \\log p(x)``, the gradient of a log-density, under any sign."""
    match term:
        case tree.Neg(body):
            return _is_gradient(body)
        case tree.Prefix("grad", inside) | tree.Func("grad", (inside,)):
            return isinstance(inside, tree.Prefix | tree.Func) and inside.name == "log"
    return False
