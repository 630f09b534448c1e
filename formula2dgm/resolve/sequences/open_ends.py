r"""Sums over steps without a last one, ``\sum_{t \ge 1}``, where no data and nothing else says how many there are.

They run to T, which the text or a binding gives a number, or which is a default.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import Name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.statements.hyperparameters import given_number
from formula2dgm.syntax import tree

_LAST = "T"


def open_end(context: Context, indices: frozenset[str], roots: Sequence[tree.Node]) -> list[tree.Node]:
    """T, where a sum over steps has no end, and T is nothing else in the text."""
    nodes = [node for root in roots for node in root.walk()]
    open_sums = [
        node
        for node in nodes
        if isinstance(node, tree.Big) and any(name in indices and end is None for name, end in binder_names(node))
    ]
    if not open_sums:
        return []
    given = given_number(context, Name(_LAST)) is not None
    other = any(isinstance(each, tree.Symbol) and each.letter == _LAST for each in nodes)
    if not given and (other or not context.options.scaffold):
        return []
    return [tree.Symbol(_LAST, span=open_sums[0].span)]
