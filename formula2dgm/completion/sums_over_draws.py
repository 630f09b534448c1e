r"""Sums over the members of a data set: ``\sum_{(x, y) \sim \tilde p_l} \mathcal{L}(x, y)``.

The text does not say how many they are; such a sum is read as their mean, ``E_{(x, y) \sim \tilde p_l}[...]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def average_draws(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with sums over draws as means, and what was decided."""
    notes: list[Note] = []

    def averaged(node: tree.Node) -> tree.Node:
        made = map_children(node, averaged)
        if isinstance(made, tree.Call) and isinstance(node, tree.Call):
            made = replace(made, head=node.head)
        if not isinstance(made, tree.Big) or made.op != "sum" or made.upper is not None:
            return made
        if not made.binders or not all(isinstance(each, tree.Draws) for each in made.binders):
            return made
        over = ", ".join(map(str, made.binders))
        notes.append(Note(f"the sum over {over} is read as the mean over it", made.span))
        return tree.Expect(made.binders, made.body, span=made.span)

    return [replace(each, body=averaged(each.body)) for each in statements], notes
