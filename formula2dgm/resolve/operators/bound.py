"""What a list of binders binds."""

from __future__ import annotations

from dataclasses import dataclass, field

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis


@dataclass(slots=True)
class Bound:
    """What a list of binders binds.

    values      variable id -> node
    draws       the random nodes among them, in ancestral order
    batch       the data set whose examples are averaged here (a written data expectation), or None
    enumerated  finite variables that are summed exactly: (law, its values, axis)
    averages    sample axes to average (K draws by the option ``samples``)
    outside     the values that enclosing brackets bind
    nonlinear   the bracket stands under a function that is not linear
    others      axes along the other examples of the batch, over which the body is averaged
    beside      the body reads, beside what is bound here, values that each example has its own of
    """

    values: dict[str, ir.Node] = field(default_factory=dict)
    draws: list[ir.Node] = field(default_factory=list)
    batch: Axis | None = None
    enumerated: list[tuple[ir.Law, ir.Node, Axis]] = field(default_factory=list)
    averages: list[Axis] = field(default_factory=list)
    outside: frozenset[ir.Node] = frozenset()
    nonlinear: bool = False
    others: list[Axis] = field(default_factory=list)
    beside: bool = False


def draws_in(node: ir.Node) -> list[ir.Node]:
    """The random nodes that a value is made of."""
    found: dict[ir.Node, None] = {}
    stack = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, ir.Draw | ir.Permuted):
            found.setdefault(each)
        stack.extend(each.children)
    return list(found)
