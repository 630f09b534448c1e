"""What a binding cannot be: numbers that are no parameter of a family, shapes that are none."""

from __future__ import annotations

import math

from formula2dgm.registry.family import Family

#: Parameters that an infinite number is a value of.
_UNBOUNDED = frozenset(("logits", "low", "high"))


def event_shape_of(given: object) -> tuple[int, ...] | None:
    """``event_shape=`` as a tuple; raises ``TypeError`` for what is no shape."""
    if given is None:
        return None
    sizes = tuple(given) if isinstance(given, tuple | list) else (given,)
    if not all(isinstance(each, int) and not isinstance(each, bool) and each > 0 for each in sizes):
        raise TypeError(f"event_shape is a whole number above 0 or a tuple of such, not {given!r}")
    return sizes


def impossible(family: Family, name: str, value: object) -> str | None:
    """Why a number cannot be this parameter."""
    if not isinstance(value, int | float):
        return None
    if math.isnan(value) or (math.isinf(value) and name not in _UNBOUNDED):
        return f"{name} of {family.name} cannot be {value}"
    positive = dict(family.check).get(name) == "check_positive"
    return f"{name} of {family.name} must be positive, but is {value}" if positive and value <= 0 else None
