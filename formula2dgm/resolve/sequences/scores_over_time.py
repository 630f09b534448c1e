r"""Scores of draws that later steps depend on: each term's whole value multiplies the scores of all their steps.

    grad E[c] = E[grad c + c \sum_t grad log q(z_t|z_{t-1})]

Which steps a term depends on is known only when all that the steps carry is: it is done once an objective is resolved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.draws.scores import is_read_later, surrogate


def scored_over_time(context: Context, roots: Sequence[ir.Node]) -> list[ir.Node]:
    """The terms of an objective with the scores of the draws that later steps depend on."""
    time = context.time
    if time is None:
        return list(roots)
    draws = dict.fromkeys(each for each in context.scored.values() if is_read_later(context, each))
    first: set[ir.Draw] = set()
    out = []
    for root in roots:
        below = _reached(root, time.carried)
        mine = tuple(each for each in draws if each.draw in below)
        shares = {each.draw: float(each.draw not in first) for each in mine}
        first |= shares.keys()
        out.append(surrogate(context, root, mine, shares) if mine else root)
    return out


def _reached(root: ir.Node, carried: Mapping[str, ir.Node]) -> set[ir.Node]:
    """All that a term is computed from, at any step."""
    found: set[ir.Node] = set()
    waiting = [root]
    while waiting:
        new = set(walk(waiting.pop())) - found
        found |= new
        waiting += [carried[each.site] for each in new if isinstance(each, ir.Previous) and each.site in carried]
    return found
