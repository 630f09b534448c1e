r"""``\sigma^{-1}(D(x))``: the inverse of the logistic function, not one over it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from formula2dgm.reading.notes import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def invert_logistic(
    statements: Sequence[tree.Statement], bound: Collection[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with logits for it, where no statement and no binding gives sigma another meaning."""
    defined = [each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)]
    heads = [each.head if isinstance(each, tree.Call) else each for each in (*bound, *defined)]
    if any(isinstance(each, tree.Symbol) and each.letter == "sigma" for each in heads):
        return list(statements), []
    notes: list[Note] = []

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        match node:
            case tree.Call(tree.Power(tree.Symbol("sigma", (), (), ()), exponent), (argument,), None, None):
                if str(exponent) == "-1":
                    notes.append(Note(f"{node} is the logit, the inverse of the logistic function", node.span))
                    return tree.Func("logit", (argument,), span=node.span)
        return node

    return [each.with_body(written(each.body)) for each in statements], notes
