"""Sizes that are no sizes: ``\\sum_{k=1}^K`` with K = 0, T = -6 steps, two and a half draws."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context


def refuse_impossible_sizes(context: Context, objectives: Sequence[Objective]) -> None:
    """Refuse a number that counts draws, examples, steps or terms, and is not a whole one above 0."""
    nodes = walk(*(term.node for each in objectives for term in each.terms))
    sizes = {axis.size for node in nodes for axis in node.axes if isinstance(axis.size, str)}
    for each in context.hyperparameters.values():
        if each.default is None or not (each.whole or each.name in sizes):
            continue
        if each.default < 1 or each.default != int(each.default):
            context.found.error(
                "F2D-0667",
                f"{each.name} is {each.default}, and counts something here: it must be a whole number above 0",
                each.span,
                f"give it another number: {each.name} = 10",
            )
