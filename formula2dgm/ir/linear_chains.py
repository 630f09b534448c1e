r"""Linear-Gaussian chains, integrated over all their paths: Kalman filters."""

from __future__ import annotations

from typing import Literal

from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.laws import Law
from formula2dgm.ir.node import Event, Node
from formula2dgm.records import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class LinearChain(Node):
    r"""``log p(x_t|x_1, ..., x_{t-1})`` at every step t, where z_t = A z_{t-1} + N(b, Q) and x_t = C z_t + N(d, R).

    Summed over time it is the logarithm of ``\int p(z_1) \prod_t p(z_t|z_{t-1}) p(x_t|z_t) dz``.  Both maps are a
    matrix, or what each entry is multiplied by.

    state    the name of z
    value    x
    start    the law of z_1; ``before``: of the state one step before the first
    matrix   A; motion: N(b, Q), the law of z_t at z_{t-1} = 0
    loading  C; emission: N(d, R), the law of x_t at z_t = 0
    """

    state: str
    value: Node
    start: Law
    matrix: Node
    motion: Law
    loading: Node
    emission: Law
    time: Axis
    before: bool = False

    def _axes(self) -> tuple[Axis, ...]:
        return merge([*(child.axes for child in self.children), (self.time,)])


@dataclass(frozen=True, eq=False, slots=True)
class LinearFilter(Node):
    r"""The law of ``p(z_t|x_{1:t})`` at every step: the vector that is its mean, and the root of its covariance."""

    chain: LinearChain

    def _event(self) -> Event:
        return "outputs"


@dataclass(frozen=True, eq=False, slots=True)
class Filtered(Node):
    """One of the results of a filter."""

    filter: LinearFilter
    part: Literal["mean", "root"]

    def _event(self) -> Event:
        return "value"
