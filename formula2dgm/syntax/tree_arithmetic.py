"""Sums, products, powers, and values built from entries and rows."""

from __future__ import annotations

from formula2dgm.records import dataclass
from formula2dgm.syntax.tree_lists import Tuple
from formula2dgm.syntax.tree_node import Node


@dataclass(frozen=True, slots=True)
class Add(Node):
    """A sum of two or more terms; a subtracted term is a ``Neg``."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Neg(Node):
    """``-body``."""

    body: Node


@dataclass(frozen=True, slots=True)
class Mul(Node):
    """A product of two or more factors.

    ``ops[i]`` stands between ``factors[i]`` and ``factors[i + 1]``: ``""`` (juxtaposed), ``*``, ``dot``,
    ``times``, ``odot``, ``circ``.
    """

    factors: tuple[Node, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Div(Node):
    """``numerator / denominator``, however written."""

    numerator: Node
    denominator: Node


@dataclass(frozen=True, slots=True)
class Power(Node):
    """``base ^ exponent``."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Sqrt(Node):
    """A root; ``degree`` is None for the square root."""

    body: Node
    degree: Node | None = None


@dataclass(frozen=True, slots=True)
class Abs(Node):
    """``|body|``."""

    body: Node


@dataclass(frozen=True, slots=True)
class Norm(Node):
    """``||body||_order``; ``order`` is None where none is written."""

    body: Node
    order: Node | None = None


@dataclass(frozen=True, slots=True)
class Indexed(Node):
    """``(body)_{index}``: an entry of a value that has no name of its own: ``softmax(z)_k``, ``[A]_{ij}``."""

    body: Node
    index: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Evaluated(Node):
    """``body|_{at}``: the body at other values of its variables; ``at`` are ``Binds`` or what they are read at."""

    body: Node
    at: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Case(Node):
    """One row of ``Cases``; ``condition`` is None for ``otherwise``."""

    value: Node
    condition: Node | None = None


@dataclass(frozen=True, slots=True)
class Cases(Node):
    """``\\begin{cases} value & condition \\\\ … \\end{cases}``."""

    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Matrix(Node):
    """Rows of entries; each row is a ``Tuple``."""

    rows: tuple[Tuple, ...]
