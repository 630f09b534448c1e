r"""The likelihood of a data set: after ``p(\mathcal{D}|w) = \prod_{i=1}^N p(y_i|x_i, w)``, ``p(\mathcal{D}|w)`` is the
product wherever it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.data_names import DATA_NAMES
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def write_likelihoods(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with every such density as the product that one of them says it is.

    >>> from formula2dgm.syntax import parse
    >>> text = r"log p(D|w); p(D|w) = \\prod_{i=1}^N p(y_i|x_i, w)"
    >>> [str(each) for each in write_likelihoods(parse(text)[0])[0]]
    ['log prod_{i=1}^N p(y_i|x_i, w)']
    """
    said = {call: each for each in statements if (call := _declared(each.body)) is not None}
    if not said:
        return list(statements), []
    used: dict[tree.Call, None] = {}

    def written(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Call) and node in said:
            used[node] = None
            return said[node].body.members[-1].placed(node.span)  # type: ignore[attr-defined]
        return map_children(node, written)

    rest = [each for each in statements if each not in said.values()]
    changed = [replace(each, body=written(each.body)) for each in rest]
    notes = [Note(f"{call} is {said[call].body.members[-1]}", said[call].span) for call in used]  # type: ignore[attr-defined]
    return (changed, notes) if used else (list(statements), [])


def _declared(node: tree.Node) -> tree.Call | None:
    """The density over a data set that a statement says is a product; None for any other statement."""
    if not isinstance(node, tree.Chain) or node.relations[0] not in ("=", ":=") or len(node.members) != 2:
        return None
    left, right = node.members
    product = isinstance(right, tree.Big) and right.op == "prod"
    if not product or not isinstance(left, tree.Call) or not is_density_call(left) or len(left.args) != 1:
        return None
    return left if plain(left.args[0]) in DATA_NAMES else None
