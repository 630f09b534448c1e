r"""Densities that are compared with others of their letter: ``\pi(a|s)`` of ``KL[\pi_\theta(a|s) \| \pi(a|s)]``.

Elsewhere a density without parameters is the one that has them at another place, q(z|x) beside ``q_\phi(z|x)``. Where a
divergence, a ratio or a difference of logarithms has both, they are two: one and the same would say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeGuard

from formula2dgm.reading.signature import Signature, is_density_call, read_signature
from formula2dgm.syntax import tree

#: A density's letter and labels, its variables and what it is given, without its parameters.
Apart = tuple[str, tuple[frozenset[str], frozenset[str]]]


def told_apart(nodes: Iterable[tree.Node], indices: frozenset[str], parameters: frozenset[str]) -> frozenset[Apart]:
    """The densities that the text compares with others which differ by their parameters' name alone."""
    found = set()
    for left, right in (pair for root in nodes for node in root.walk() for pair in _compared(node)):
        ones, others = (
            {read_signature(each, indices, parameters) for each in side if _is_known(each)} for side in (left, right)
        )
        found |= {without_group(each) for each in ones for other in others if _differ_by_name(each, other)}
    return frozenset(found)


def without_group(signature: Signature) -> Apart:
    """What two densities share that differ by their parameters' name alone."""
    return signature.head, signature.ids


def _differ_by_name(one: Signature, other: Signature) -> bool:
    return without_group(one) == without_group(other) and bool(one.group) != bool(other.group)


def _compared(node: tree.Node) -> Iterator[tuple[list[tree.Node], list[tree.Node]]]:
    """What stands on the two sides of a divergence, a ratio, a difference of logarithms."""
    match node:
        case tree.Divergence(left=left, right=right) | tree.Div(left, right):
            yield _factors(left), _factors(right)
        case tree.Add(terms):
            added = [each for each in terms if not isinstance(each, tree.Neg)]
            taken = [each.body for each in terms if isinstance(each, tree.Neg)]
            yield [each for side in added for each in _in_log(side)], [each for side in taken for each in _in_log(side)]


def _in_log(node: tree.Node) -> list[tree.Node]:
    if isinstance(node, tree.Mul):
        return [each for factor in node.factors for each in _in_log(factor)]
    return _factors(node.operand) if isinstance(node, tree.Prefix) and node.name == "log" else []


def _factors(node: tree.Node) -> list[tree.Node]:
    return list(node.factors) if isinstance(node, tree.Mul) else [node]


def _is_known(node: tree.Node) -> TypeGuard[tree.Call]:
    return (
        isinstance(node, tree.Call)
        and is_density_call(node)
        and all(isinstance(each, tree.Symbol) for each in (*node.args, *(node.given or ())))
    )
