r"""Binders that name no density: ``\mathbb{E}_{x_t|x_0}`` draws from the one density over x_t given x_0 in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.notes import Notes
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

Calls = list[tree.Call]


def name_givens(roots: Sequence[tree.Node], notes: Notes) -> list[tree.Node]:
    """The texts with a density in place of each binder ``z|x`` whose variables one density alone is over and given."""
    calls = [each for root in roots for each in root.all(tree.Call) if is_density_call(each)]
    return [_named(each, calls, notes) for each in roots]


def _named(node: tree.Node, calls: Calls, notes: Notes) -> tree.Node:
    made = map_children(node, lambda each: _named(each, calls, notes))
    if not isinstance(made, tree.Expect) or not any(_is_given(each) for each in made.binders):
        return made
    binders: list[tree.Node] = []
    waiting = list(made.binders)
    while waiting:
        item = waiting.pop(0)
        if not isinstance(item, tree.Relates) or item.op != "|":
            binders.append(item)
            continue
        given: tuple[tree.Node, ...] = (item.right,)
        found = _density(item, given, calls)
        while found is None and waiting and isinstance(waiting[0], tree.Symbol):  # E_{z|x,y}
            given = (*given, waiting.pop(0))
            found = _density(item, given, calls)
        if found is None:
            binders += [item, *given[1:]]
            continue
        notes.add(f"{item} is drawn from {found}, the only density over it", item.span)
        binders.append(replace(found, span=item.span))
    return replace(made, binders=tuple(binders))


def _is_given(item: tree.Node) -> bool:
    return isinstance(item, tree.Relates) and item.op == "|"


def _density(item: tree.Relates, given: tuple[tree.Node, ...], calls: Calls) -> tree.Call | None:
    """The density over the left side given the others; None where there is none, or are several."""
    fitting = [each for each in calls if each.args == (item.left,) and set(each.given or ()) == set(given)]
    return fitting[0] if len({each.head for each in fitting}) == 1 else None
