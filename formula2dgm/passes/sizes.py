"""What sizes an axis is a whole number.

M = 2.0 in 1/M sum_{m=1}^M E[...]        becomes        M = 2
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk


def whole_sizes(program: Program) -> Program:
    """Mark every hyperparameter that sizes an axis as whole."""
    nodes = walk(*(term.node for each in program.objectives for term in each.terms))
    sizes = {axis.size for node in nodes for axis in node.axes if isinstance(axis.size, str)}
    hyperparameters = tuple(
        replace(each, whole=True, default=None if each.default is None else int(each.default))
        if each.name in sizes
        else each
        for each in program.hyperparameters
    )
    return replace(program, hyperparameters=hyperparameters)
