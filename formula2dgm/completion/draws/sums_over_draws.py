r"""Sums over the members of a data set: ``\sum_{(x, y) \sim \tilde p_l} \mathcal{L}(x, y)``.

The text does not say how many they are; such a sum is read as their mean, ``E_{(x, y) \sim \tilde p_l}[...]``, where it
is the whole objective, or under 1/N. Beside another term the number weighs one against the other, as it does in
``\sum_{x \in \mathcal{D}}``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from formula2dgm.completion.data.data_sums import unwritten_number, whole_sums
from formula2dgm.reading import Note
from formula2dgm.reading.data_names import DATA_SIZES
from formula2dgm.reading.rewrite import map_children, replace
from formula2dgm.syntax import tree


def average_draws(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with sums over draws as means, and what was decided."""
    notes: list[Note] = []

    def averaged(node: tree.Node, whole: tuple[tree.Node, ...]) -> tree.Node:
        if isinstance(node, tree.Mul) and (place := _share(node.factors)) is not None:
            kept = [each for position, each in enumerate(node.factors) if position != place]
            kept[place] = _mean_of(kept[place], lambda each: averaged(each, whole))
            made = replace(node, factors=tuple(kept), ops=node.ops[1:]) if len(kept) > 1 else kept[0]
            return made if len(kept) == 1 else map_children(made, lambda each: averaged(each, whole))
        if isinstance(node, tree.Big) and _is_over_draws(node):
            over = ", ".join(map(str, node.binders))
            if not any(node is each for each in whole):
                named = next(each.density for each in node.binders if isinstance(each, tree.Draws))
                raise unwritten_number(node, named, over)
            notes.append(Note(f"the sum over {over} is read as the mean over it", node.span))
            return _mean_of(node, lambda each: averaged(each, whole))
        made = map_children(node, lambda each: averaged(each, whole))
        if isinstance(made, tree.Call) and isinstance(node, tree.Call):
            made = replace(made, head=node.head)
        return made

    return [each.with_body(averaged(each.body, whole_sums(each.body))) for each in statements], notes


def _is_over_draws(node: tree.Node) -> bool:
    if not isinstance(node, tree.Big) or node.op != "sum" or node.upper is not None:
        return False
    return bool(node.binders) and all(isinstance(each, tree.Draws) for each in node.binders)


def _mean_of(node: tree.Node, inside: Callable[[tree.Node], tree.Node]) -> tree.Node:
    assert isinstance(node, tree.Big)
    return tree.Expect(node.binders, inside(node.body), span=node.span)


def _share(factors: Sequence[tree.Node]) -> int | None:
    """Where 1/N, or one over the size of what is drawn from, stands right before a sum over draws."""
    for place, (each, after) in enumerate(zip(factors, factors[1:], strict=False)):
        if isinstance(after, tree.Big) and _is_over_draws(after) and isinstance(each, tree.Div):
            laws = [draws.density for draws in after.binders if isinstance(draws, tree.Draws)]
            sized = str(each.denominator) in DATA_SIZES or each.denominator in [
                tree.Abs(law, span=law.span) for law in laws
            ]
            if each.numerator == tree.Number("1", span=each.span) and sized:
                return place
    return None
