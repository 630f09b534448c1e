r"""Chains of finite states, summed over all their paths: hidden Markov models."""

from __future__ import annotations

from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.node import Node
from formula2dgm.records import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class ChainSum(Node):
    r"""The logarithm of a sum over all paths of a finite state,
    ``log \sum_{z_{1:T}} exp(first(z_1) + \sum_{t>1} moves(z_{t-1}, z_t) + \sum_t steps(z_t))``.

    first    of the state at the first step; it has no axis of time
    moves    of each state and the one before it; what it is at the first step is not read
    steps    of the state at each step, the first one too
    current  the axis of the state at a step; before: that of the state one step before
    lengths  the number of steps of each example, where they have lengths of their own
    """

    first: Node
    moves: Node
    steps: Node
    current: Axis
    before: Axis
    time: Axis
    lengths: Node | None = None

    def _axes(self) -> tuple[Axis, ...]:
        summed = (self.current, self.before, self.time)
        merged = merge(child.axes for child in self.children)
        return tuple(axis for axis in merged if axis not in summed)


@dataclass(frozen=True, eq=False, slots=True)
class ChainFilter(Node):
    r"""``log p(z_t|x_{1:t})`` of each value of the state at every step, from the sum over all its paths."""

    paths: ChainSum

    def _axes(self) -> tuple[Axis, ...]:
        return merge([(self.paths.current,), self.paths.axes, (self.paths.time,)])
