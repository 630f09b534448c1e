"""Statements that say only over what an index runs: ``t \\ge 1``, ``t \\in \\{1, \\dots, T\\}``, ``t_1 < t_2``.

An index runs over all its steps, so they say nothing more; each is left out, which is noted.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading.names import scripts
from formula2dgm.reading.notes import Notes
from formula2dgm.reading.steps import steps_moved_along
from formula2dgm.syntax import tree

_ORDERS = frozenset({"<", "<=", ">", ">="})


def restrictions(roots: Sequence[tree.Node], indices: frozenset[str], notes: Notes) -> frozenset[int]:
    """The places of the statements that restrict indices only."""
    if not any(isinstance(each, tree.Chain) and set(each.relations) <= _ORDERS | {"in"} for each in roots):
        return frozenset()
    moved = steps_moved_along(roots)
    below = {str(item) for root in roots for node in root.all(tree.Symbol)
             for _, item in scripts(node)}  # fmt: skip
    found = set()
    for place, root in enumerate(roots):
        match root:
            case tree.Chain(members=members, relations=relations) if set(relations) <= _ORDERS:
                names = [each for each in members if isinstance(each, tree.Symbol)]
                run = [each for each in names if str(each) in indices or (each.sub and str(each) in below)]
                values = [each for each in names if each not in run and not each.letter.isupper()]
            case tree.Chain(members=(tree.Symbol() as name, tree.SetOf() | tree.Interval()), relations=("in",)):
                run, values = [name] if str(name) in moved else [], []
            case _:
                continue
        if run and not values:
            notes.add(f"{root} says over what {run[0]} runs, and nothing more", root.span)
            found.add(place)
    return frozenset(found)
