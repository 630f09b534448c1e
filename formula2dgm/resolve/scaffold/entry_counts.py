"""How many entries a default network's result has, where the text reads some of them: ``f(x)_3``."""

from __future__ import annotations

from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def entries_read(context: Context, network: str) -> int | None:
    """The last entry that the text reads of what a network returns; None where it reads none."""
    roots = [*context.model.expressions(), *(each.body for each in context.model.densities)]
    return max(
        (
            int(text)
            for root in roots
            for node in root.all(tree.Indexed)
            for call, (index,) in [(node.body, node.index if len(node.index) == 1 else (None,))]
            if isinstance(call, tree.Call) and isinstance(call.head, tree.Symbol) and isinstance(index, tree.Number)
            for text in [index.text]
            if text.isdigit() and read_name(call.head, context.model.indices, head=True).full == network
        ),
        default=None,
    )
