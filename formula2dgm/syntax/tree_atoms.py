"""Leaves: numbers, names, and signs that stand for values."""

from __future__ import annotations

from formula2dgm.records import dataclass
from formula2dgm.syntax.tree_node import Node


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A literal: ``0.5``, ``1e-3``, ``2``. ``text`` is its canonical spelling."""

    text: str


@dataclass(frozen=True, slots=True)
class Symbol(Node):
    """A name with its decorations: ``x``, ``\\hat x``, ``q_\\phi``, ``z_{t-1}``, ``x^{(i)}``, ``p^*``.

    letter    the ASCII spelling of the base: ``x``, ``theta``, ``encoder``
    accents   ``hat``, ``tilde``, ``bar``, ``prime``, …, innermost first (``x_hat`` in ASCII)
    sub       the subscript's items: indices, labels, parameter groups (undecided)
    sup       superscripts that are no powers: ``(i)``, ``*``, ``+``, ``-`` (as a Symbol ``star``/``plus``/``minus``)
    style     ``cal`` or ``bb`` where the font is part of the name (``\\mathcal{D}``, ``\\mathbb{P}``); bold is dropped
    """

    letter: str
    accents: tuple[str, ...] = ()
    sub: tuple[Node, ...] = ()
    sup: tuple[Node, ...] = ()
    style: str = ""


@dataclass(frozen=True, slots=True)
class Infinity(Node):
    """``\\infty``."""


@dataclass(frozen=True, slots=True)
class Ellipsis(Node):
    """``\\dots`` in a list."""


@dataclass(frozen=True, slots=True)
class Blank(Node):
    """A placeholder: the dot of ``p(\\cdot | x)``."""
