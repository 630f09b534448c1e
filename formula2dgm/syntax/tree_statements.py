"""Statements and the chains of relations they consist of."""

from __future__ import annotations

from formula2dgm.records import dataclass
from formula2dgm.syntax.tree_node import Node


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """``a = b >= c``: members with the relations between them.

    Relations are ``=``, ``:=``, ``<=``, ``>=``, ``<``, ``>``, ``!=``, ``~=`` (approximately), ``propto``, ``in``,
    ``~`` (is drawn from), ``->``.
    """

    members: tuple[Node, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement(Node):
    """One statement of a model. ``players`` are the names before a colon: ``\\phi: ...``."""

    body: Node
    players: tuple[Node, ...] = ()

    def with_body(self, body: Node) -> Statement:
        """The statement of another body; itself, with what it knows of its nodes, where the body is its own."""
        return self if body is self.body else Statement(body, self.players, span=self.span)
