r"""Parameters that are optimised for each example: ``\max_\theta \sum_{x \in X} \max_\lambda E_{q_\lambda(z)}[f]``.

The inner optimum has a \lambda for every x, so that q is one density for each example, ``q_\lambda(z|x)``. What gives
its parameters is a network of x, trained together with all else where both operators want the same (amortised).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

#: Operators that want the same.
_UP, _DOWN = frozenset(("max", "argmax", "sup")), frozenset(("min", "argmin", "inf"))


def amortise(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such densities given the example, and what was decided. ``bound`` are the bindings' keys."""
    notes: list[Note] = []

    def rebuild(node: tree.Node) -> tree.Node:
        if not isinstance(node, tree.Optimise):
            return map_children(node, rebuild)
        total, share = _sum_below(node.body)
        inner = total.body if total is not None else None
        if total is None or not isinstance(inner, tree.Big) or not _agree(node.op, inner.op):
            return map_children(node, rebuild)
        example = _example(total)
        names = [each for each in inner.binders if isinstance(each, tree.Symbol)]
        own = [each for each in inner.body.all(tree.Call) if _is_local(each, names)]
        if example is None or len(names) != len(inner.binders) or not own or any(each in bound for each in own):
            return map_children(node, rebuild)
        body = inner.body
        for call in dict.fromkeys(own):
            made = replace(call, given=(example,))
            notes.append(Note(f"{call}, optimised for each {example}, is {made}: amortised by a network", call.span))
            body = _exchanged(body, call, made)
        summed = replace(total, body=body)
        return replace(node, names=(*node.names, *names), body=_exchanged_node(node.body, total, summed, share))

    return [each.with_body(rebuild(each.body)) for each in statements], notes


def _sum_below(body: tree.Node) -> tuple[tree.Big | None, tree.Mul | None]:
    """The sum that an operator is over, and the product that it stands in."""
    match body:
        case tree.Big("sum"):
            return body, None
        case tree.Mul((*_, tree.Big("sum") as total)):
            return total, body
    return None, None


def _exchanged_node(body: tree.Node, total: tree.Big, made: tree.Big, share: tree.Mul | None) -> tree.Node:
    return made if share is None else replace(share, factors=(*share.factors[:-1], made))


def _agree(outer: str, inner: str) -> bool:
    return any({outer, inner} <= same for same in (_UP, _DOWN))


def _example(total: tree.Big) -> tree.Symbol | None:
    """What the sum is over: x of ``x \\in \\mathcal{D}``."""
    match total.binders:
        case (tree.Relates(tree.Symbol() as example, "in", tree.Symbol()),) if total.upper is None:
            return example
    return None


def _is_local(call: tree.Call, names: Sequence[tree.Symbol]) -> bool:
    """Does the density have these parameters, and is it given nothing?"""
    head = call.head
    return (
        is_density_call(call) and not call.given and isinstance(head, tree.Symbol) and any(n in head.sub for n in names)
    )


def _exchanged(node: tree.Node, old: tree.Node, new: tree.Node) -> tree.Node:
    if node == old:
        return replace(new, span=node.span)
    return map_children(node, lambda each: _exchanged(each, old, new))
