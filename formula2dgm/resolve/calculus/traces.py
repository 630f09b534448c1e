r"""Traces of derivatives: ``\mathrm{tr}(\nabla_x s(x))``, ``\mathrm{tr}(\nabla_x^2 f(x))``, ``\nabla_x \cdot s(x)``.

A trace is exact, one derivative for each entry of x, where x is small. Where x is known to be large it is estimated by
one draw v for each example, ``v^T \nabla_x (v^T s(x))`` (Hutchinson 1990).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.resolve.calculus.gradients import derived
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.values.shapes import shape_of
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator

#: The most entries of x for which a trace is exact.
LARGEST = 64
_WRITTEN = "write \\mathrm{tr}(\\nabla_x s(x)) of a vector s, \\mathrm{tr}(\\nabla_x^2 f(x)) of a number f"


def trace(evaluate: Evaluator, node: tree.Node, args: tuple[tree.Node, ...], scope: Scope) -> ir.Node:
    """The trace of a derivative."""
    match args:
        case (tree.Prefix(name="grad" | "jac" | "hess" as name, operand=operand, sub=sub),):
            return _of_derivative(evaluate, node, operand, sub, scope, twice=name == "hess")
        case (tree.Func(name="grad" | "jac" | "hess" as name, args=(operand,), sub=sub),):
            return _of_derivative(evaluate, node, operand, sub, scope, twice=name == "hess")
    raise evaluate.context.refuse("F2D-0215", f"{node} is no trace of a derivative", node.span, _WRITTEN)


def divergence_of_field(
    evaluate: Evaluator, node: tree.Node, operand: tree.Node, sub: tuple[tree.Node, ...], scope: Scope
) -> ir.Node:
    """``\\nabla \\cdot s(x)``: the trace of the derivative of s."""
    if not sub and isinstance(operand, tree.Call) and len(operand.args) == 1:
        sub = operand.args
    return _of_derivative(evaluate, node, operand, sub, scope)


def _of_derivative(
    evaluate: Evaluator,
    node: tree.Node,
    operand: tree.Node,
    sub: tuple[tree.Node, ...],
    scope: Scope,
    twice: bool = False,
) -> ir.Node:
    context, make = evaluate.context, evaluate.make
    value, by = derived(context, node, operand, sub, scope, evaluate, "\\mathrm{tr}(\\nabla_x s(x))")
    if twice:
        value = make(ir.Grad, value, by)
    elif value.event == "number":
        raise context.refuse("F2D-0218", f"the gradient of the number {operand} has no trace", node.span, _WRITTEN)
    return trace_by(context, str(node), value, by, str(sub[0]), node.span)


def trace_by(context: Context, said: str, value: ir.Node, by: ir.Node, variable: str, span: Span) -> ir.Node:
    """The trace of the derivative of a value by another: exact where that is small, else estimated."""
    shape = shape_of(context, by)
    if isinstance(shape, tuple) and math.prod(shape) > LARGEST:
        return _estimated(context, said, value, by, shape, span)
    context.assume(f"{said} is exact, by one derivative for each entry of {variable}", span)
    return context.arena.make(ir.JacobianTrace, value, by)


def _estimated(context: Context, said: str, value: ir.Node, by: ir.Node, shape: tuple[int, ...], span: Span) -> ir.Node:
    """``v^T \\nabla_x (v^T s(x))``, v from a standard normal."""
    make = context.arena.make
    law = context.standard_normal(shape)
    site = context.draws.reserve("v")
    draw = make(ir.Draw, law, site, by.axes)
    context.assume(
        f"{said} would take {math.prod(shape)} derivatives, and is estimated by one draw {site} for each example",
        span,
    )
    return make(ir.Dot, draw, make(ir.Grad, make(ir.Dot, draw, value), by))
