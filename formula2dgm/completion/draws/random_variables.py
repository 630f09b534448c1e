r"""Capitals for what an expectation draws: ``E_{q(z|x)}[\log p(x|Z)]`` is ``E_{q(z|x)}[\log p(x|z)]``.

A capital is the random variable of which the small letter is a value. It is read as that letter where the expectation
draws the letter and its body reads the capital in its place, as an argument, and where the capital is nothing else in
the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def write_values(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such capitals as what is drawn, and what was decided. ``bound`` are the bindings' keys."""
    meant: dict[tree.Symbol, int] = {}
    for node in (each for one in statements for each in one.body.all(tree.Expect)):
        for capital in _capitals(node):
            meant[capital] = meant.get(capital, 0) + _counted(node.body)[capital]
    if not meant:
        return list(statements), []
    read = sum(map(_counted, [*(each.body for each in statements), *bound]), Counter[tree.Node]())
    notes: list[Note] = []

    def rebuild(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Call):
            return node
        if isinstance(node, tree.Expect):
            body = node.body
            for capital, small in _capitals(node).items():
                if meant[capital] == read[capital]:
                    notes.append(Note(f"{capital} is {small}, which the expectation draws", node.span))
                    body = _exchanged(body, capital, small)
            node = node if body is node.body else replace(node, body=body)
        return map_children(node, rebuild)

    return [each.with_body(rebuild(each.body)) for each in statements], notes


def _capitals(node: tree.Expect) -> dict[tree.Symbol, tree.Symbol]:
    """The capitals that the body reads, as arguments alone, in the place of what is drawn, and that."""
    pairs = {replace(small, letter=small.letter.upper()): small for small in _drawn(node)}
    if not pairs.keys() & set(node.body.all(tree.Symbol)):
        return {}
    calls = list(node.body.all(tree.Call))
    arguments = Counter(each for call in calls for each in (*call.args, *(call.given or ())))
    read = _counted(node.body)
    return {
        capital: small
        for capital, small in pairs.items()
        if not read[small] and 0 < read[capital] == arguments[capital]
    }


def _drawn(node: tree.Expect) -> list[tree.Symbol]:
    """The variables with small Latin letters that densities in the subscript are over."""
    over = [
        name
        for each in node.binders
        for name in (each.names if isinstance(each, tree.Draws) else each.args if isinstance(each, tree.Call) else ())
        if isinstance(each, tree.Draws) or is_density_call(each)
    ]
    return [each for each in over if isinstance(each, tree.Symbol) and len(each.letter) == 1 and each.letter.islower()]


def _counted(node: tree.Node) -> Counter[tree.Node]:
    """How often each symbol stands in the tree."""
    return Counter(node.all(tree.Symbol))


def _exchanged(node: tree.Node, old: tree.Symbol, new: tree.Symbol) -> tree.Node:
    if node == old:
        return replace(new, span=node.span)
    return map_children(node, lambda each: _exchanged(each, old, new))
