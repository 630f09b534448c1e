r"""Divergences between letters: ``KL(q \| p)`` is that of ``q(z|x)`` and ``p(z)``, ``KL(q_i \| p_i)`` of their entries.

Where the text writes or binds one approximation of the letter q alone, over one variable, and nothing of that letter
and p beside it says what they are of. An index that a sum around it binds is one of the entries of that variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.syntax import tree

#: Letters of priors and models.
MODEL_LETTERS = ("p", "P")


def write_arguments_of_sides(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with what such divergences are of, and what was decided. ``bound`` are the bindings' keys."""
    compared = (each for one in statements for each in one.body.all(tree.Divergence))
    if not any(isinstance(each.left, tree.Symbol) and isinstance(each.right, tree.Symbol) for each in compared):
        return list(statements), []
    nodes = [each for root in (*(each.body for each in statements), *bound) for each in root.walk()]
    said = {each.members[0] for each in nodes if isinstance(each, tree.Chain)}
    found = [
        each
        for each in dict.fromkeys(nodes)
        if isinstance(each, tree.Call) and is_density_call(each) and _letter(each.head) in POSTERIOR_LETTERS
    ]
    if len(found) != 1 or len(found[0].args) != 1 or not isinstance(found[0].args[0], tree.Symbol):
        return list(statements), []
    (approximation,) = found
    notes: list[Note] = []

    def rebuild(node: tree.Node, indices: frozenset[str]) -> tree.Node:
        if isinstance(node, tree.Big):
            indices |= {name for name, _ in binder_names(node)}
        match node:
            case tree.Divergence(left=tree.Symbol() as left, right=tree.Symbol() as right) if not {left, right} & said:
                made = _written(left, right, approximation, indices)
                if made is not None:
                    notes.append(Note(f"{node} is {node.name}[{made[0]} || {made[1]}]", node.span))
                    return replace(node, left=made[0], right=made[1])
        return map_children(node, lambda each: rebuild(each, indices))

    return [each.with_body(rebuild(each.body, frozenset())) for each in statements], notes


def _written(
    left: tree.Symbol, right: tree.Symbol, approximation: tree.Call, indices: frozenset[str]
) -> tuple[tree.Call, tree.Call] | None:
    entry = [each for each in left.sub if plain(each) in indices]
    if entry != [each for each in right.sub if plain(each) in indices] or len(entry) > 1:
        return None
    sides = [replace(each, sub=tuple(item for item in each.sub if item not in entry)) for each in (left, right)]
    variable = approximation.args[0]
    if sides[0] != approximation.head or sides[1].letter not in MODEL_LETTERS or not isinstance(variable, tree.Symbol):
        return None
    if entry and variable.sub:
        return None
    value = replace(variable, sub=(*variable.sub, *entry))
    first = replace(approximation, head=sides[0], args=(value,), span=left.span)
    return first, tree.Call(sides[1], (value,), span=right.span)


def _letter(head: tree.Node) -> str:
    return head.letter if isinstance(head, tree.Symbol) else ""
