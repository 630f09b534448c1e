"""Loops that no gradient passes through: each step frees what it computed, and takes derivatives that are constants.

A Langevin chain under ``sg`` is one: its steps take gradients of an energy, and nothing is trained through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk

Derivative = ir.Grad | ir.LogDetJacobian | ir.JacobianTrace


def with_gradient(roots: Iterable[ir.Node], carried: Mapping[ir.Previous, ir.Node]) -> frozenset[ir.Node]:
    """The nodes that a gradient of the roots may pass through: none that lie under a stop alone."""
    waiting, found = list(roots), set[ir.Node]()
    while waiting:
        node = waiting.pop()
        if node in found:
            continue
        found.add(node)
        match node:
            case ir.StopGrad():
                continue
            case ir.Carrying(body):
                waiting.append(body)
            case _:
                waiting += node.children
        if isinstance(node, ir.Previous) and node in carried:
            waiting.append(carried[node])
    return frozenset(found)


def derivatives_in(nodes: Iterable[ir.Node]) -> list[Derivative]:
    """The derivatives among nodes."""
    return [each for each in nodes if isinstance(each, Derivative)]


def only_values(members: Iterable[ir.Node]) -> frozenset[ir.Node]:
    """The gradients in a stopped loop that no other derivative is taken of."""
    inside = list(members)
    taken = with_gradient([each.body for each in derivatives_in(inside)], {})
    return frozenset(each for each in inside if isinstance(each, ir.Grad) and each not in taken)


def sharing_a_graph(members: Iterable[ir.Node]) -> frozenset[ir.Node]:
    """The gradients in a loop whose graph another derivative reads as well: of what is computed in a step for both."""
    inside = set(members)
    found = derivatives_in(inside)
    computed = {each: inside.intersection(walk(each.body)) for each in found}
    return frozenset(
        each for each in found for other in found if other is not each and computed[each] & computed[other]
    )
