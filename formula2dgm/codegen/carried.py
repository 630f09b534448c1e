"""What a loop carries from step to step: the value one step before, two steps before, and so on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from formula2dgm.codegen.recurrence import Carried, Loop
from formula2dgm.ir import nodes as ir
from formula2dgm.records import dataclass

if TYPE_CHECKING:
    from formula2dgm.codegen.statements import Preparation


@dataclass(frozen=True, slots=True)
class Chain:
    """The last steps of one draw or state, the latest first, all of them ``initial`` before the first step.

    names  the variables that hold them
    nodes  what reads each of them, if anything does
    start  the variable of the value before the first step, where examples start at steps of their own
    """

    carried: Carried
    initial: ir.Node
    names: tuple[str, ...]
    nodes: tuple[ir.Previous | None, ...]
    start: str = ""

    @property
    def lengths(self) -> ir.Node | None:
        """The lengths of sequences, where the loop starts at the end of each."""
        return next((each.lengths for each in self.nodes if each is not None), None)

    def guarded(self, later: frozenset[ir.Node]) -> bool:
        """Does nothing read a value from before the first step?"""
        return len(self.names) == 1 and self.nodes[0] in later


def chains(fresh: Callable[[str], str], preparation: Preparation, loop: Loop) -> list[Chain]:
    """What the members of a loop read of other steps, by what it is a step of and what it starts from."""
    read: dict[tuple[Carried, ir.Node], dict[int, ir.Previous]] = {}
    for node in loop.previous:
        read.setdefault((preparation.recurrences.carried[node], node.initial), {})[abs(node.lag)] = node
    found = []
    for (carried, initial), by_lag in read.items():
        stem = f"{preparation.variable(carried)}_{'next' if loop.backward else 'previous'}"
        names = tuple(fresh(stem if lag == 1 else f"{stem}_{lag}") for lag in range(1, max(by_lag) + 1))
        nodes = tuple(by_lag.get(lag) for lag in range(1, max(by_lag) + 1))
        ragged = any(each.lengths is not None for each in by_lag.values())
        start = fresh(f"{preparation.variable(carried)}_start") if ragged else ""
        found.append(Chain(carried, initial, names, nodes, start))
    return found
