"""The families the compiler knows, and how to find one by name.

A family is one file here, one file in :mod:`formula2dgm.library`, and one entry of ``FAMILIES``.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.registry.bernoulli import BERNOULLI
from formula2dgm.registry.categorical import CATEGORICAL
from formula2dgm.registry.family import Family
from formula2dgm.registry.laplace import LAPLACE
from formula2dgm.registry.normal import NORMAL
from formula2dgm.registry.uniform import UNIFORM

FAMILIES: tuple[Family, ...] = (NORMAL, BERNOULLI, CATEGORICAL, LAPLACE, UNIFORM)


def families() -> Iterator[Family]:
    """All families, in order: the one place every look-up goes through."""
    yield from FAMILIES


def family(name: str) -> Family:
    """The family of this torch.distributions name; ``KeyError`` if there is none.

    >>> family("Normal").parameters
    ('loc', 'scale')
    """
    for each in families():
        if each.name == name:
            return each
    raise KeyError(name)


def family_by_spelling(name: str) -> Family | None:
    """The family that a formula calls so, or None.

    >>> family_by_spelling("Bern").name
    'Bernoulli'
    """
    return next((each for each in families() if name in each.spellings), None)
