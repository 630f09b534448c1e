"""The keys of the bindings, parsed."""

from __future__ import annotations

from formula2dgm.bindings import Binding, Bindings
from formula2dgm.diagnostics import Diagnostics, FormulaError
from formula2dgm.syntax import parse_one, tree

Parsed = list[tuple[Binding, tree.Node]]


def parse_keys(bindings: Bindings, found: Diagnostics) -> Parsed:
    parsed = []
    for binding in bindings.entries:
        try:
            parsed.append((binding, parse_one(binding.key)))
        except FormulaError as error:
            found.extend(error.diagnostics)
    found.raise_errors()
    return parsed
