"""How many functions of a name are bound, and the whole numbers that are."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.bindings import Binding, NumberValue
from formula2dgm.diagnostics import Diagnostics
from formula2dgm.reading.names import plain
from formula2dgm.reading.numbered import position_of, stem_of
from formula2dgm.syntax import tree

#: How many functions are written out at most, each a network of its own.
MOST = 100


def lengths_of(keys: Sequence[tree.Node]) -> dict[tree.Symbol, int]:
    """How many numbered functions of each name are bound: 3 for ``f_1``, ``f_2``, ``f_3``."""
    numbers: dict[tree.Symbol, set[int]] = {}
    for key in keys:
        if isinstance(key, tree.Symbol) and (position := position_of(key)) is not None:
            numbers.setdefault(stem_of(key), set()).add(position)
    return {stem: len(found) for stem, found in numbers.items() if found == set(range(1, len(found) + 1))}


def sizes_of(parsed: Sequence[tuple[Binding, tree.Node]]) -> dict[str, int]:
    """The whole numbers that are bound to names."""
    return {
        text: int(binding.value.number)
        for binding, key in parsed
        if isinstance(binding.value, NumberValue) and (text := plain(key)) is not None
    }


def are_too_many(count: int, place: tree.Node, found: Diagnostics) -> bool:
    """Refuses more functions than a text can be written out with, one network each."""
    if count > MOST:
        message = f"{count} functions would be written out one by one: at most {MOST:,} are"
        found.error("F2D-0661", message, place.span, "write fewer, or one function that does as much")
    return count > MOST
