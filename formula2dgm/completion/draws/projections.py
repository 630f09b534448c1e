r"""Vectors that project derivatives and that nothing says: v of ``v^\top \nabla_x^2 \log p_\theta(x) v``.

Such a vector on both sides of a matrix of derivatives stands for directions at random: it is drawn from a standard
normal, one for each example.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.completion.processes.default_statements import Defaults
from formula2dgm.reading import Note
from formula2dgm.syntax import tree


def draw_projections(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the laws of such vectors, and what was decided; ``keys`` are what is bound."""
    text = Defaults(list(statements), keys)
    for vector in dict.fromkeys(found for each in text.nodes() for found in _projecting(each)):
        said = any(vector in _items(each) for each in (*text.left_sides(), *keys))
        argument = any(
            vector in (*each.args, *(each.given or ())) for each in text.nodes() if isinstance(each, tree.Call)
        )
        if not (said or argument or text.is_drawn(vector) or _is_bound(text, vector)):
            text.add(rf"{vector.latex()} \sim \mathcal{{N}}(0, I)", vector.span)
    return text.statements, text.notes


def _projecting(node: tree.Node) -> Iterator[tree.Symbol]:
    r"""v of ``v^\top \nabla_x^2 f(x) v``, on both sides of a derivative."""
    match node:
        case tree.Mul((tree.Power(tree.Symbol() as left, tree.Symbol("top")), derivative, *after)):
            names = isinstance(derivative, tree.Prefix | tree.Func) and derivative.name in ("grad", "jac", "hess")
            if names and any(left == each for part in (derivative, *after) for each in part.walk()):
                yield left


def _items(node: tree.Node) -> tuple[tree.Node, ...]:
    return node.items if isinstance(node, tree.Tuple) else (node,)


def _is_bound(text: Defaults, vector: tree.Symbol) -> bool:
    """Does a bare name under an expectation, or an index, bind it?"""
    binders = (each.binders for each in text.nodes() if isinstance(each, tree.Expect | tree.Big))
    return any(vector == part for items in binders for item in items for part in item.walk())
