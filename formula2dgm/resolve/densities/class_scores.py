"""Networks that return a score for each class: what a softmax is taken of, ``softmax(f(x) / \\tau)``."""

from __future__ import annotations

from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

SOFTMAX = frozenset(("softmax", "log_softmax", "softmin"))


def scores_classes(context: Context, network: str) -> bool:
    """Does a softmax stand around what the network returns?"""
    nodes = (each for root in context.model.expressions() for each in root.all(tree.Func, tree.Prefix))
    return any(_stands_in(context, each, network) for each in nodes if _is_softmax(each))


def classes_scored(context: Context, network: str) -> int | None:
    """How many classes the network scores, where the space of a variable with these classes says it."""
    for node in (each for root in context.model.expressions() for each in root.all(tree.Call)):
        match node:
            case tree.Call(head=tree.Symbol("Cat"), args=(tree.Symbol() as variable,), params=(scores,)):
                space = context.model.spaces.get(read_name(variable, context.model.indices).id)
                if space is not None and space.classes is not None and _stands_in(context, scores, network):
                    return space.classes
    return None


def _is_softmax(node: tree.Node) -> bool:
    return isinstance(node, tree.Func | tree.Prefix) and node.name in SOFTMAX


def _stands_in(context: Context, node: tree.Node, network: str) -> bool:
    """Is the value of the network a part of this, and no argument of another function?"""
    if isinstance(node, tree.Call):
        head = node.head
        return isinstance(head, tree.Symbol) and read_name(head, context.model.indices, head=True).full == network
    if isinstance(node, tree.Mul) and len(node.factors) == 2 and isinstance(node.factors[0], tree.Power):
        if str(node.factors[0].exponent) == "top":
            return False  # a product of vectors is one number
    return any(_stands_in(context, each, network) for each in node.children)
