r"""Draws of some variables of a joint, ``E_{z \sim q(z, x)}[... - \log q(z|x)]``: from the conditional that is scored.

The other variables are not drawn there. Where the text has the density of the drawn ones given them, under the same
name, that is what is drawn from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def draw_conditionals(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such draws from the conditionals, and what was decided.

    >>> from formula2dgm.syntax import parse
    >>> text = r"E_{z \\sim q(z, x)}[\\log p(x|z) - \\log q(z|x)]"
    >>> print(draw_conditionals(parse(text)[0])[0][0].body)
    E_{z ~ q(z|x)}[log p(x|z) - log q(z|x)]
    """
    calls = [each for root in statements for each in root.body.all(tree.Call)]
    notes: list[Note] = []

    def conditional(names: tuple[tree.Node, ...], density: tree.Node) -> tree.Call | None:
        if not isinstance(density, tree.Call) or density.given is not None or not set(names) < set(density.args):
            return None
        others = set(density.args) - set(names)
        for each in calls:
            if each.head == density.head and set(each.args) == set(names) and set(each.given or ()) == others:
                drawn = ", ".join(map(str, names))
                notes.append(Note(f"{drawn} is drawn from {each}: {density} is a law of more than it", density.span))
                return replace(each, span=density.span)
        return None

    def written(node: tree.Node) -> tree.Node:
        made = map_children(node, written)
        match made:
            case tree.Draws(names, density) if (found := conditional(names, density)) is not None:
                return replace(made, density=found)
            case tree.Chain((name, density), ("~",)) if (found := conditional((name,), density)) is not None:
                return replace(made, members=(name, found))
        return made

    return [each.with_body(written(each.body)) for each in statements], notes
