r"""Calls that a text defines with calls in their brackets: ``I(c, G(z, c)) = E[\dots]``."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import DENSITY_LETTERS
from formula2dgm.syntax import tree


def write_same_calls(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements with such calls as what they are defined to be."""
    bodies = dict(found for each in statements if (found := _definition(each.body)) is not None)
    if not bodies:
        return list(statements)
    read = {node for each in statements for node in _read(each.body).walk()}
    bodies = {call: body for call, body in bodies.items() if call in read}

    def written(node: tree.Node) -> tree.Node:
        return bodies[node] if node in bodies else map_children(node, written)

    kept = [each for each in statements if (found := _definition(each.body)) is None or found[0] not in bodies]
    return [each.with_body(written(each.body)) for each in kept] if bodies else list(statements)


def _definition(body: tree.Node) -> tuple[tree.Node, tree.Node] | None:
    match body:
        case tree.Chain(members=(tree.Call(given=None, params=None) as call, value), relations=("=" | ":=",)):
            calls = any(isinstance(each, tree.Call) for each in call.args)
            if calls and isinstance(call.head, tree.Symbol) and call.head.letter not in DENSITY_LETTERS:
                return call, value
    return None


def _read(body: tree.Node) -> tree.Node:
    found = _definition(body)
    return body if found is None else found[1]
