"""The order in which variables can be drawn: each after all that it depends on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

T = TypeVar("T")


def parents_before(
    factors: Sequence[T], variables: Callable[[T], Collection[str]], parents: Callable[[T], set[str]]
) -> tuple[list[T], list[T]]:
    """The factors with parents first, else in the order given; and those left over because of a cycle."""
    waiting, order = list(factors), list[T]()
    while waiting:
        undrawn = {name for each in waiting for name in variables(each)}
        ready = next((each for each in waiting if not parents(each) & undrawn), None)
        if ready is None:
            break
        waiting.remove(ready)
        order.append(ready)
    return order, waiting
