"""Network calls that nothing wants a gradient of: their parameters are held constant, and they read noise alone."""

from __future__ import annotations

from collections.abc import Iterable

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk

#: What may carry a gradient into a network: what a user gives, or learns.
_GIVEN = (ir.Data, ir.Param, ir.Hyper, ir.State, ir.Previous, ir.PathPoint)
#: Derivatives along functions, whose points are not the nodes of the formula.
_OF_FUNCTIONS = (ir.Jvp, ir.LogDetJacobian, ir.JacobianTrace, ir.Solution, ir.PathIntegral)


def of_noise_alone(node: ir.NetCall, roots: Iterable[ir.Node]) -> bool:
    """Is the call of a network held constant at draws that nothing learned shapes, by which no derivative is taken?"""
    if not node.frozen:
        return False
    below = set(walk(*node.args))
    if any(isinstance(each, _GIVEN) or (isinstance(each, ir.NetCall) and not each.frozen) for each in below):
        return False
    used = list(walk(*roots))
    if not used or any(isinstance(each, _OF_FUNCTIONS) for each in used):
        return False
    return not any(isinstance(each, ir.Grad) and each.wrt in {node, *below} for each in used)
