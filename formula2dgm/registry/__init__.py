"""The families the compiler knows, and how to find one by name.

A family is one file here, one file in :mod:`formula2dgm.library`, and one entry of ``FAMILIES``; other packages add
theirs by entry points (:mod:`formula2dgm.registry.plugins`).
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.registry.family import Family
from formula2dgm.registry.own import FAMILIES
from formula2dgm.registry.plugins import FamilyPlugin, installed

_BY_NAME = {each.name: each for each in FAMILIES}
_BY_SPELLING = {spelling: each for each in reversed(FAMILIES) for spelling in each.spellings}

__all__ = ["FAMILIES", "Family", "FamilyPlugin", "families", "family", "family_by_spelling"]


def families() -> Iterator[Family]:
    """All families, the compiler's own first, as every look-up finds them.

    Other packages are looked at only once one of their families may be meant.
    """
    yield from FAMILIES
    yield from (each.family for each in installed())


def family(name: str) -> Family:
    """The family of this torch.distributions name; ``KeyError`` if there is none.

    >>> family("Normal").parameters
    ('loc', 'scale')
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    for plugin in installed():
        if plugin.family.name == name:
            return plugin.family
    raise KeyError(name)


def family_by_spelling(name: str) -> Family | None:
    """The family that a formula calls so, or None.

    >>> family_by_spelling("Bern").name
    'Bernoulli'
    """
    if name in _BY_SPELLING:
        return _BY_SPELLING[name]
    return next((each.family for each in installed() if name in each.family.spellings), None)
