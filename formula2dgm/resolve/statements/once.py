"""What a whole text says, found once: many parts of a model ask the same of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from formula2dgm.resolve.statements.model import Model

T = TypeVar("T")


def once(model: Model, find: Callable[[Model], T]) -> T:
    """What a function finds in a model's expressions, by its indices: kept while these are what they were."""
    roots, indices = tuple(model.expressions()), model.indices
    known = model.found.get(find)
    if known is not None and known[1] is indices and len(known[0]) == len(roots):
        if all(a is b for a, b in zip(known[0], roots, strict=True)):
            return known[2]
    made = find(model)
    model.found[find] = roots, indices, made
    return made
