r"""Derivatives of vectors beside a vector, ``\frac{\partial f(x)}{\partial x} v``, ``v \partial_x f(x)``: along v.

No matrix is made: it is the derivative of f as x moves along v.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.resolve.calculus.gradients import derived
from formula2dgm.resolve.calculus.network_derivatives import derived_by_rules
from formula2dgm.resolve.context import Scope
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def along(evaluate: Evaluator, node: tree.Mul, scope: Scope) -> ir.Node | None:
    """A product with one such derivative and the vector behind it, else before it; None for any other product."""
    context, below = evaluate.context, scope.under(node)
    places = [i for i, each in enumerate(node.factors) if _derivative(each) is not None]
    if len(places) != 1 or not set(node.ops) <= {"", "dot", "cdot"}:
        return None
    (place,) = places
    parts = _derivative(node.factors[place])
    assert parts is not None
    operand, variable = parts
    given = evaluate(variable, below) if isinstance(variable, tree.Symbol) and _is_said(operand, variable) else None
    if given is not None and given.event == "number":
        return None
    value, by = derived(context, node.factors[place], operand, (variable,), below, evaluate, "\\frac{d}{dx} f(x)")
    if by.event == "number" or value.event == "number":
        return None
    if any(_is_turned(each) for each in node.factors):
        return None
    others = {i: evaluate(each, below) for i, each in enumerate(node.factors) if i != place}
    around = (*range(place + 1, len(node.factors)), *reversed(range(place)))
    beside = [i for i in around if others[i].event != "number"]
    if not beside:
        return None
    direction = others.pop(beside[0])
    if any(axis not in by.axes for axis in direction.axes):
        raise context.refuse(
            "F2D-0552",
            f"{node.factors[beside[0]]} is no direction of {variable}: there are several of it for each {variable}",
            node.factors[beside[0]].span,
            "draw one direction for each value",
        )
    if beside[0] < place:
        said = node.factors[beside[0]]
        context.assume(f"{node} is the derivative of {operand} as {variable} moves along {said}", node.span)
    found = derived_by_rules(context, node, operand, variable, value, by, direction)
    return found if not others else context.arena.make(ir.Mul, (*others.values(), found))


def _derivative(node: tree.Node) -> tuple[tree.Node, tree.Node] | None:
    """What is derived, and by what."""
    match node:
        case tree.Prefix("jac" | "partial", operand, (by,)) | tree.Func("jac" | "partial", (operand,), (by,)):
            return operand, by
    return None


def _is_turned(node: tree.Node) -> bool:
    """Is it the row ``v^T``?"""
    return isinstance(node, tree.Power) and str(node.exponent) in ("T", "top")


def _is_said(operand: tree.Node, variable: tree.Symbol) -> bool:
    return any(each == variable for each in operand.walk())
