"""Is ``sigma(x)`` a scale, or the logistic function?"""

from __future__ import annotations

from formula2dgm.reading.names import plain, read_name
from formula2dgm.reading.time_names import TIME_LETTERS
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def is_logistic(context: Context, node: tree.Call) -> bool:
    """Is this the logistic function of one value: ``\\sigma(f(x))``, of a sigma that is nothing else?"""
    head = node.head
    if not isinstance(head, tree.Symbol) or head.letter != "sigma" or len(node.args) != 1 or is_scale(context, node):
        return False
    if any(plain(each) in TIME_LETTERS for each in head.sub):
        return False  # sigma_t(x_t), of each time its own
    name = read_name(head, context.model.indices, head=True)
    return context.named.find(name) is None and not name.group


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
