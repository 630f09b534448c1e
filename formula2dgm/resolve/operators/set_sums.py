r"""Sums over a set that each example has: ``r = \sum_{m=1}^M \phi(x_m, v_m)`` beside ``p(y|z, r)``.

A value that a density or a network of one example is given belongs to that example, and so does a sum that it is made
of: its index runs inside the example.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def is_given(context: Context, node: tree.Big) -> bool:
    """Does a sum stand in what a density or a network is given, or in the definition of it?"""
    model = context.model
    roots = [*model.expressions(), *(each.body for each in model.densities)]
    given = [each for root in roots for each in _arguments(root)]
    if any(node is each for root in given for each in root.walk()):
        return True
    names = _names_in(context, given)
    waiting = list(names)
    while waiting:
        definition = model.definitions.get(waiting.pop())
        if definition is None:
            continue
        if any(node is each for each in definition.body.walk()):
            return True
        more = _names_in(context, [definition.body]) - names
        names |= more
        waiting += more
    return False


def _arguments(root: tree.Node) -> Iterator[tree.Node]:
    """What is given to densities and networks."""
    for each in root.walk():
        if isinstance(each, tree.Call):
            yield from (*each.args, *(each.given or ()), *(each.params or ()))


def _names_in(context: Context, nodes: list[tree.Node]) -> set[str]:
    symbols = (each for node in nodes for each in node.all(tree.Symbol))
    names = [read_name(each, context.model.indices) for each in symbols]
    return {text for each in names for text in (each.id, each.full)}
