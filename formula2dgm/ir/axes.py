"""Named axes: every dimension of a value that is not part of a variable's event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from formula2dgm.records import dataclass

AxisKind = Literal["replicate", "index", "enumeration", "sample", "batch", "plate", "time"]

#: The order in which axes lie in a tensor, outermost first; the event's dimensions follow.
LAYOUT: tuple[AxisKind, ...] = ("replicate", "index", "enumeration", "sample", "batch", "plate", "time")


@dataclass(frozen=True, slots=True)
class Axis:
    """One named axis.

    kind    replicate    independent repetitions of an expectation (``1/M sum_m E[...]``)
            index        an index that is summed and draws nothing (layers, positions)
            enumeration  all values of a finite variable
            sample       the K draws of a variable
            batch        the examples of one data set (``name`` says which)
            plate        the parts of one example that an index of data runs over (the elements of a set)
            time         the steps of a sequence
    size    a number, the name of a hyperparameter, or None where the data or a network decides
    of      the batch whose examples, or the time whose steps, an index runs over once more: the second of a pair
    """

    kind: AxisKind
    name: str
    size: int | str | None = None
    of: Axis | None = None

    def __str__(self) -> str:
        return f"{self.name}:{self.size}" if self.size is not None else self.name


#: The examples of the data.
BATCH = Axis("batch", "batch")


def merge(groups: Iterable[tuple[Axis, ...]]) -> tuple[Axis, ...]:
    """The union of axes, in layout order; axes of one kind keep the order of first appearance."""
    seen = dict.fromkeys(axis for group in groups for axis in group)
    return tuple(sorted(seen, key=lambda axis: LAYOUT.index(axis.kind)))
