"""Sums over all paths of a finite state in the reference interpreter: path by path, all of them."""

from __future__ import annotations

from itertools import product, starmap
from typing import TYPE_CHECKING

import torch

from formula2dgm.ir import nodes as ir
from formula2dgm.resolve.sequences.windows import LENGTHS
from formula2dgm.runtime.reference_noise import Position
from formula2dgm.runtime.reference_values import REDUCTIONS, Value, at_category, together

if TYPE_CHECKING:
    from formula2dgm.runtime.reference import Reference

#: More paths than these are no test of anything.
MOST = 100_000


def of_chain(run: Reference, node: ir.ChainSum, at: Position) -> Value:
    """``log sum exp`` of the potential of each path, the sum of what the nodes are at each of its states."""
    steps = run.size(node.time, node, at)
    if node.lengths is None:
        return _of_steps(run, node, steps, at)
    sums = [_of_steps(run, node, count, at) for count in range(1, steps + 1)]
    return at_category(Value(run.data[LENGTHS] - 1, True), sums)


def _of_steps(run: Reference, node: ir.ChainSum, steps: int, at: Position) -> Value:
    """The sum over all paths of so many steps."""
    states = run.size(node.current, node, at)
    if states**steps > MOST:
        raise ValueError(f"{states} states have {states**steps} paths of {steps} steps, too many to go through")

    def potential(*path: int) -> Value:
        parts = [run(node.first, {**at, node.current: path[0]})]
        parts += [run(node.steps, {**at, node.time: t, node.current: state}) for t, state in enumerate(path)]
        parts += [
            run(node.moves, {**at, node.time: t, node.before: path[t - 1], node.current: path[t]})
            for t in range(1, steps)
        ]
        tensors, batched = together(parts)
        return Value(torch.stack(tensors).sum(0), batched)

    tensors, batched = together(list(starmap(potential, product(range(states), repeat=steps))))
    return Value(REDUCTIONS["logsumexp"](torch.stack(tensors)), batched)
