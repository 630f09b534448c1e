"""The keys of the bindings, parsed."""

from __future__ import annotations

from functools import lru_cache

from formula2dgm.bindings import Binding, Bindings
from formula2dgm.diagnostics import Diagnostics, FormulaError
from formula2dgm.spans import Source
from formula2dgm.syntax import parse_one, tree

Parsed = list[tuple[Binding, tree.Node]]


def parse_keys(bindings: Bindings, found: Diagnostics) -> Parsed:
    parsed = []
    for binding in bindings.entries:
        try:
            parsed.append((binding, _parsed(binding.key)))
        except FormulaError as error:
            found.extend(error.diagnostics)
    found.raise_errors()
    return parsed


@lru_cache(maxsize=1024)
def _parsed(key: Source) -> tree.Node:
    """A key's tree: the same key is bound again and again, to other networks."""
    return parse_one(key)
