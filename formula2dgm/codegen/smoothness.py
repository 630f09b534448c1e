"""Which default networks are smooth: those of which the loss holds derivatives by what they are given.

A derivative of a network of ReLU layers jumps at their kinks: its gradient by the weights, example by example, misses
the jumps, and a loss that rests on integration by parts (Hyvärinen 2005) is trained towards something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import depends, walk


def smooth_networks(program: Program) -> frozenset[str]:
    """The names of the networks that stand under a derivative, on a way from what it is taken by."""
    return frozenset(
        call.network
        for value, by in _derivatives(program)
        for call in walk(value)
        if isinstance(call, ir.NetCall) and depends([call], by)
    )


def _derivatives(program: Program) -> Iterator[tuple[ir.Node, frozenset[ir.Node]]]:
    """What is derived, and by what."""
    for node in walk(*program.roots):
        match node:
            case ir.Grad(body, wrt) | ir.JacobianTrace(body, wrt) | ir.LogDetJacobian(body, wrt):
                yield body, frozenset((wrt,))
            case ir.Jvp(head):
                yield head, frozenset(head.children)
            case ir.Solution():
                yield node.field, frozenset((node.state,))
