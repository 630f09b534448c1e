"""Is ``sigma(x)`` a scale, or the logistic function?"""

from __future__ import annotations

from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def is_scale(context: Context, node: tree.Call) -> bool:
    """``sigma(x)`` beside ``mu(x)`` is a scale, not the logistic function."""
    beside: list[tree.Node] = [wanted.statement.body for wanted in context.model.objectives]
    beside += [each.body for each in context.model.definitions.values()]
    beside += [each.body for each in context.model.densities]
    return any(
        isinstance(each, tree.Call)
        and isinstance(each.head, tree.Symbol)
        and each.head.letter == "mu"
        and each.args == node.args
        for root in beside
        for each in root.walk()
    )
