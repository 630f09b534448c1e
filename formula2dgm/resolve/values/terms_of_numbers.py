"""Which networks return numbers, as they stand where an objective has numbers only: ``r(s, a) - b(s)``."""

from __future__ import annotations

from collections.abc import Iterator, Set

from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

#: What makes one number of numbers, and leaves a vector a vector.
_THROUGH = (tree.Add, tree.Neg, tree.Mul, tree.Div, tree.Big, tree.Labelled, tree.Prefix, tree.Optimise)
_ENTRYWISE = frozenset(
    ("log", "exp", "sigmoid", "softplus", "logsigmoid", "tanh", "relu", "min", "max", "sg", "clip", "mean")
)


def are_numbers(context: Context, networks: Set[str]) -> bool:
    """Does every call of the networks stand in an objective with nothing around it that would take a vector?"""
    roots = [each for wanted in context.model.objectives for each in wanted.members]
    free = [call for root in roots for call in as_numbers(root) if _calls(context, call, networks)]
    calls = [each for root in context.model.expressions() for each in root.walk() if _calls(context, each, networks)]
    return bool(calls) and len(calls) == len(free)


def _calls(context: Context, node: tree.Node, networks: Set[str]) -> bool:
    head = node.head if isinstance(node, tree.Call) else None
    return isinstance(head, tree.Symbol) and read_name(head, context.model.indices, head=True).full in networks


def as_numbers(node: tree.Node) -> Iterator[tree.Node]:
    """The calls and names that are summands and factors of numbers."""
    match node:
        case tree.Call(head=tree.Symbol("sigma"), args=args):
            yield from (found for each in args for found in as_numbers(each))
        case tree.Call() | tree.Symbol():
            yield node
        case tree.Expect():
            yield from as_numbers(node.body)
        case tree.Mul(factors) if any(_is_transposed(each) for each in factors):
            return
        case tree.Func(name=name, args=args) if name in _ENTRYWISE:
            yield from (found for each in args for found in as_numbers(each))
        case tree.Prefix(name=name) if name not in _ENTRYWISE:
            return
        case tree.Power(base=base, exponent=tree.Number()):
            yield from as_numbers(base)
        case _ if isinstance(node, _THROUGH):
            yield from (found for each in node.children for found in as_numbers(each))


def _is_transposed(node: tree.Node) -> bool:
    return isinstance(node, tree.Power) and isinstance(node.exponent, tree.Symbol) and node.exponent.letter == "top"
