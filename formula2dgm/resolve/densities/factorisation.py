"""Products of densities: which sets of factors make up a wanted density, and their order, parents first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
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
    unknown = {name for each in factors for name in each.signature.ids[0]}
    missing = [each.signature.ids[1] & unknown for each in factors]
    readers: dict[str, list[int]] = {}
    for place, names in enumerate(missing):
        for name in names:
            readers.setdefault(name, []).append(place)
    ready = [place for place, names in enumerate(missing) if not names]
    order: list[Density] = []
    while ready:
        order.append(factors[heappop(ready)])
        for name in order[-1].signature.ids[0] & unknown:
            unknown.discard(name)
            for place in readers.get(name, ()):
                missing[place] -= {name}
                if not missing[place]:
                    heappush(ready, place)
    return order if len(order) == len(factors) else None
