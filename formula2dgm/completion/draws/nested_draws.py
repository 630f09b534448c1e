r"""Expectations that stand in one another the wrong way round: ``E_{q(\tilde x|x)} E_{x \sim p(x)}[f]``.

What the outer one is given only the inner one draws: both are one, whose draws are made parents first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def join_draws(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such expectations as one, and what was decided."""
    notes: list[Note] = []

    def rebuild(node: tree.Node, around: frozenset[tree.Node]) -> tree.Node:
        own = _drawn(node.binders) if isinstance(node, tree.Expect) else ()
        node = map_children(node, lambda each: rebuild(each, around.union(own)))
        match node:
            case tree.Expect(binders=outer, given=None, body=tree.Expect(binders=inner, given=None, body=body)):
                given = {each for binder in outer if isinstance(binder, tree.Call) for each in binder.given or ()}
                if (late := (given & set(_drawn(inner))) - around) and not set(own) & set(_drawn(inner)):
                    listed = ", ".join(sorted(map(str, late)))
                    notes.append(Note(f"{listed} is drawn first: the density outside is given it", node.span))
                    return replace(node, binders=(*inner, *outer), body=body)
        return node

    return [each.with_body(rebuild(each.body, frozenset())) for each in statements], notes


def _drawn(binders: Sequence[tree.Node]) -> list[tree.Node]:
    found: list[tree.Node] = []
    for each in binders:
        match each:
            case tree.Draws(names=names):
                found += names
            case tree.Call(args=args):
                found += args
    return found
