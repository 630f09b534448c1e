"""Densities in the order entered, each found by what it is asked for: its letter, its variables, its givens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from formula2dgm.resolve.densities.finding import Density


def letter_of(head: str) -> str:
    """The letter of a density without its labels: p of ``p_prior(z)``."""
    return head.split("_")[0]


def _said(density: Density) -> tuple[frozenset[str], ...]:
    return (density.signature.ids[0],) if density.binding is not None or density.declared is not None else ()


#: By what densities are asked for: the letter with its labels, all variables and givens, their letters; the variables
#: alone, of those that are bound or declared too; one of the variables or givens beside the letter.
KEYS: Mapping[str, Callable[[Density], Iterable[Hashable]]] = {
    "head": lambda each: (each.signature.head,),
    "ids": lambda each: ((each.signature.head, each.signature.ids),),
    "bases": lambda each: ((each.signature.head, each.signature.bases),),
    "variables": lambda each: (each.signature.ids[0],),
    "said": _said,
    "over": lambda each: [(each.signature.head, name) for name in each.signature.ids[0]],
    "letter over": lambda each: [(letter_of(each.signature.head), name) for name in each.signature.ids[0]],
    "given": lambda each: [(each.signature.head, name) for name in each.signature.ids[1]],
}


class Listed:
    """What is entered, one after another; what each key is asked by is found once for all of them."""

    def __init__(self) -> None:
        self._all: list[Density] = []
        self._by: dict[str, dict[Hashable, list[int]]] = {}
        self._read: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Density]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, place: int) -> Density:
        return self._all[place]

    def __setitem__(self, place: int, density: Density) -> None:
        self._all[place] = density
        self._by, self._read = {}, Counter()

    def __iadd__(self, more: Iterable[Density]) -> Listed:
        self._all += more
        return self

    def append(self, density: Density) -> None:
        """Enter one more."""
        self._all.append(density)

    def reset(self, densities: Iterable[Density]) -> None:
        """Have these, and no others."""
        self._all = list(densities)
        self._by, self._read = {}, Counter()

    def by(self, key: str, *values: Hashable) -> list[Density]:
        """Those of which a key is one of these, each once, in the order entered."""
        known = self._indexed(key)
        if len(values) == 1:
            return [self._all[place] for place in known.get(values[0], ())]
        return [self._all[place] for place in sorted({each for value in values for each in known.get(value, ())})]

    def _indexed(self, key: str) -> dict[Hashable, list[int]]:
        found = self._by.setdefault(key, {})
        for place in range(self._read[key], len(self._all)):
            for value in KEYS[key](self._all[place]):
                found.setdefault(value, []).append(place)
        self._read[key] = len(self._all)
        return found
