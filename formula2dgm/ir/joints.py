"""Joint densities: their factors, what they can be asked, and the new steps of sequences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.records import dataclass
from formula2dgm.spans import Span


@dataclass(frozen=True, slots=True)
class Factor:
    """One density of a joint; it reads every variable as data.

    variables  what it is a density of: one variable, unless it is known by its logarithm alone
    log        its logarithm
    law        its family; None where only the logarithm is known
    """

    variables: tuple[str, ...]
    log: ir.Node
    law: ir.Law | None
    label: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Joint:
    """A product of densities, each variable drawn by one of them.

    factors  parents first
    order    the variables that the factors draw, as the formula writes them
    given    the variables that the whole is given, as the formula writes them
    hidden   the variables that are integrated out
    """

    factors: tuple[Factor, ...]
    order: tuple[str, ...]
    given: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()

    @property
    def shown(self) -> tuple[str, ...]:
        """The variables that are left, as the formula writes them."""
        return tuple(name for name in self.order if name not in self.hidden)


@dataclass(frozen=True, slots=True)
class Rollout:
    """New steps of a model of sequences: each variable at each step given what the steps before carry.

    time    the axis of the new steps
    values  the variables that are drawn, and the states, along it
    inputs  the data that it reads along its steps: actions
    last    what the given steps carry to the new ones: by variable, its value at the last of them, as the objective
            draws and computes it from data
    steps   how many steps there are by default: a number, or the hyperparameter that says it
    entries whether the steps are the entries of a vector: networks are given all of them, zeros before they are drawn
    """

    time: Axis
    values: tuple[tuple[str, ir.Node], ...]
    inputs: tuple[str, ...] = ()
    last: tuple[tuple[str, ir.Node], ...] = ()
    steps: int | str | None = None
    entries: bool = False

    @property
    def fixed(self) -> int | None:
        """The number of steps where there are never more or fewer."""
        return self.steps if self.entries and isinstance(self.steps, int) else None

    def changed(self, change: Callable[[ir.Node], ir.Node]) -> Rollout:
        """The same of other nodes."""
        values, last = (tuple((name, change(node)) for name, node in each) for each in (self.values, self.last))
        return replace(self, values=values, last=last)


QueryName = Literal["log_prob", "sample", "params", "mean", "variance", "entropy"]


@dataclass(frozen=True, slots=True)
class Query:
    """What a distribution can be asked: a method of the generated class.

    reads    the inputs that it is called with
    answers  what it computes, by variable; of the variable ``""`` where it is one number for all of them
    refusal  why it computes nothing
    """

    name: QueryName
    reads: tuple[str, ...] = ()
    answers: tuple[tuple[str, ir.Node], ...] = ()
    refusal: Diagnostic | None = None

    @property
    def nodes(self) -> list[ir.Node]:
        """The nodes of the answers."""
        return [node for _, node in self.answers]
