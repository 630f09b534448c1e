"""Nodes that a text does not write, for other examples of the batch and for sizes of vectors."""

from __future__ import annotations

from formula2dgm.records import dataclass
from formula2dgm.syntax import tree

#: The function that stands for how many entries a vector has, d of ``\\frac1d \\sum_{j=1}^d [z]_j``.
SIZE = "dim"


@dataclass(frozen=True, slots=True)
class OfExample(tree.Indexed):
    """``z_{t+k}`` of the example that an index counts."""


@dataclass(frozen=True, slots=True)
class IsAnother(tree.Symbol):
    """1 where the example that an index, its own name, counts is not the present one, else 0."""
