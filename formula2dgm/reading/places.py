"""Where in a formula only a variable can stand."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.signature import DENSITY_LETTERS
from formula2dgm.syntax import tree


def variable_places(node: tree.Node) -> Iterator[tree.Node]:
    """What stands where only a variable can: a density's arguments and givens, what is drawn or bound."""
    match node:
        case tree.Call(function=True):
            return
        case tree.Call(head=tree.Symbol() as head) if node.given is not None or head.letter in DENSITY_LETTERS:
            yield from (*node.args, *(node.given or ()))
        case tree.Draws():
            yield from node.names
        case tree.Chain() if node.relations[0] == "~":
            yield node.members[0]
