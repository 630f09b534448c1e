"""Products of densities: which sets of factors make up a wanted density, and their order, parents first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from formula2dgm.reading.signature import Signature

if TYPE_CHECKING:
    from formula2dgm.resolve.densities.finding import Density


def covers(near: Sequence[Density], wanted: Signature) -> Iterator[list[Density]]:
    """All sets of factors that cover the wanted variables once, conditioned on all that is given and nothing else,
    without a cycle.  (``p(z|x)`` is no product of ``p(z)``: dropping a given would claim an independence.)"""
    variables, given = wanted.ids
    fitting = [
        each for each in near if each.signature.ids[0] <= variables and each.signature.ids[1] <= variables | given
    ]
    for size in range(1, len(variables) + 1):
        for group in combinations(fitting, size):
            covered = [name for each in group for name in each.signature.ids[0]]
            conditioned = frozenset().union(*(each.signature.ids[1] for each in group))
            if sorted(covered) != sorted(variables) or not given <= conditioned:
                continue
            if (order := ancestral_order(group)) is not None:
                yield order


def ancestral_order(factors: Sequence[Density]) -> list[Density] | None:
    """The factors with parents first, else in the order given; None if they form a cycle."""
    waiting = list(factors)
    unknown = {name for each in factors for name in each.signature.ids[0]}
    order: list[Density] = []
    while waiting:
        ready = next((each for each in waiting if not (each.signature.ids[1] & unknown)), None)
        if ready is None:
            return None
        waiting.remove(ready)
        unknown -= ready.signature.ids[0]
        order.append(ready)
    return order
