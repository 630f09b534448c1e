"""Is there a derivative inside an objective?"""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program


def has_gradient(program: Program) -> bool:
    """Is there a gradient inside the objective, so that evaluating it needs autograd?"""
    waiting: list[ir.Node] = [term.node for objective in program.objectives for term in objective.terms]
    seen: set[ir.Node] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ir.Grad | ir.LogDetJacobian | ir.JacobianTrace | ir.Jvp):
            return True
        if node not in seen:
            seen.add(node)
            waiting.extend(node.children)
    return False
