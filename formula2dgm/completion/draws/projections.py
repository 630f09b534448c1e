r"""Vectors that project derivatives and that nothing says: v of ``v^\top \nabla_x^2 \log p_\theta(x) v``.

Such a vector on both sides of a matrix of derivatives stands for directions at random: it is drawn from a standard
normal, one for each example; so is one that an expectation draws from a law of which nothing is said, ``v \sim p_v``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.data.data_entropy import is_of_data
from formula2dgm.completion.processes.default_statements import Defaults
from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def draw_projections(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the laws of such vectors, and what was decided; ``keys`` are what is bound."""
    text = Defaults(list(statements), keys)
    for vector in dict.fromkeys(found for each in text.nodes() for found in _projecting(each)):
        binders = [each for node in text.nodes() for each in _binders(node) if _over(each) == vector]
        said = any(vector in _items(each) for each in (*text.left_sides(), *keys))
        used = [each for each in text.nodes() if isinstance(each, tree.Call) and each not in binders]
        argument = any(vector in (*each.args, *(each.given or ())) for each in used)
        if said or argument or not all(_is_unsaid(text, each) for each in binders) or _is_bound(text, vector):
            continue
        text.add(rf"{vector.latex()} \sim \mathcal{{N}}(0, I)", vector.span)
        text.statements = [each.with_body(_drawn_by_name(each.body, vector)) for each in text.statements]
    return text.statements, text.notes


def _binders(node: tree.Node) -> tuple[tree.Node, ...]:
    return node.binders if isinstance(node, tree.Expect) else ()


def _over(binder: tree.Node) -> tree.Node | None:
    """v of ``v``, ``v \\sim p_v``, ``p(v)`` and ``p_v``."""
    match binder:
        case tree.Draws(names=(name,)) | tree.Call(args=(name,), given=None, params=None):
            return name
        case tree.Symbol("p", sub=(tree.Symbol() as name,)):
            return name
    return binder if isinstance(binder, tree.Symbol) else None


def _is_unsaid(text: Defaults, binder: tree.Node) -> bool:
    """Does it name a law of which the text says nothing, or none?"""
    law = binder.density if isinstance(binder, tree.Draws) else binder
    head = law.head if isinstance(law, tree.Call) else law
    heads = [each.head if isinstance(each, tree.Call) else each for each in (*text.left_sides(), *text.keys)]
    named = isinstance(binder, tree.Draws | tree.Call)
    return not named or (
        isinstance(head, tree.Symbol) and head.letter == "p" and not is_of_data(head) and head not in heads
    )


def _drawn_by_name(node: tree.Node, vector: tree.Symbol) -> tree.Node:
    """``E_{v \\sim p_v}`` as ``E_v``."""
    node = map_children(node, lambda each: _drawn_by_name(each, vector))
    if not isinstance(node, tree.Expect) or not any(_over(each) == vector for each in node.binders):
        return node
    binders = (replace(vector, span=each.span) if _over(each) == vector else each for each in node.binders)
    return replace(node, binders=tuple(binders))


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
    """Is it an index of a sum, or drawn together with others?"""
    sums = (each for node in text.nodes() if isinstance(node, tree.Big) for each in node.binders)
    joint = (each for node in text.nodes() for each in _binders(node) if _over(each) is None)
    return any(vector == part for item in (*sums, *joint) for part in item.walk())
