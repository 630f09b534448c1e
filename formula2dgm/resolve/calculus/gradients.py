r"""Gradients with respect to values, ``\nabla_x D(x)``, and derivatives by numbers, ``\frac{d}{dt} x_t``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import read_name
from formula2dgm.reading.stopped import unstopped
from formula2dgm.resolve.calculus.network_derivatives import derived_by_rules, held_values
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.syntax import tree


def gradient(
    context: Context, node: tree.Node, body: tree.Node, sub: Sequence[tree.Node], scope: Scope, evaluate: Evaluate
) -> ir.Node:
    """The gradient of a body with respect to the one value in the subscript."""
    value, by = derived(context, node, body, sub, scope, evaluate, "\\nabla_x f(x)")
    if by.event == "number" and value.event != "number":
        return jacobian(context, node, body, sub, scope, evaluate)
    return context.arena.make(ir.Grad, value, by)


def jacobian(
    context: Context,
    node: tree.Node,
    body: tree.Node,
    sub: Sequence[tree.Node],
    scope: Scope,
    evaluate: Evaluate,
    total: bool = False,
) -> ir.Node:
    """``\\frac{d f}{d t}``: by a number, by rules; of a number by a value, its gradient. ``total``: written with d."""
    value, by = derived(context, node, body, sub, scope, evaluate, "\\frac{d}{dt} f(t)")
    if by.event != "number":
        if value.event == "number":
            return context.arena.make(ir.Grad, value, by)
        hint = f"of one number for each example write \\nabla_{{{sub[0]}}} {body}; of more, "
        hint += "\\mathrm{tr}(\\nabla_x f(x)), or v^\\top \\nabla_x f(x) v"
        if isinstance(by, ir.Data):
            hint += f"; if {sub[0]} is a time, say what it is drawn from: {sub[0]} \\sim \\mathcal{{U}}(0, 1)"
        raise context.refuse(
            "F2D-0216",
            f"{node} is a matrix, which stands only in a trace, in a determinant or beside vectors",
            node.span,
            hint,
        )
    if isinstance(by, ir.Index) or (isinstance(by, ir.Draw) and by.law.family == "DiscreteUniform"):
        raise context.refuse("F2D-0215", f"{sub[0]} counts steps: no derivative by it", sub[0].span)
    constant = frozenset[ir.Node]() if total else held_values(context, body, sub[0], value, by, scope, evaluate)
    return derived_by_rules(context, node, body, sub[0], value, by, constant=constant)


def derived(
    context: Context,
    node: tree.Node,
    body: tree.Node,
    sub: Sequence[tree.Node],
    scope: Scope,
    evaluate: Evaluate,
    example: str,
) -> tuple[ir.Node, ir.Node]:
    """A body and the one value that it is derived by, which it has to depend on; ``example`` is a hint."""
    if len(sub) != 1:
        raise context.refuse("F2D-0215", "the gradient's variable is missing", node.span, f"write {example}")
    point = _point(context, body, sub[0])
    by = evaluate(point, scope)
    below = scope.under(node, False)
    if isinstance(point, tree.Symbol):
        below = replace(below, scores=scope.scores | {read_name(point, context.model.indices).id})
    if isinstance(by, ir.Previous) and abs(by.lag) > 1:
        raise context.refuse(
            "F2D-0215",
            f"{point} lies more than one step away: no gradient with respect to it",
            node.span,
            "take the gradient with respect to the value of the step before",
        )
    if isinstance(by, ir.Hyper | ir.Const):
        raise context.refuse("F2D-0215", f"{sub[0]} is a number: no gradient of it", sub[0].span)
    value = evaluate(body, below)
    if not _reaches(value, by):
        raise context.refuse(
            "F2D-0215",
            f"{body} does not depend on {sub[0]}, or only under a stop-gradient: its gradient is zero",
            node.span,
            f"write the value that it depends on: {example}",
        )
    return value, by


def _point(context: Context, body: tree.Node, variable: tree.Node) -> tree.Node:
    """What a body is derived by: the variable; where it stands nowhere in the body, the one argument of its letter,
    ``\\tilde x`` of ``\\nabla_x E(\\tilde x)``."""
    symbols = list(body.all(tree.Symbol))
    if not isinstance(variable, tree.Symbol) or variable in symbols:
        return variable
    calls = body.all(tree.Call)
    given = (unstopped(each) for call in calls for each in call.args)
    points = {each for each in given if isinstance(each, tree.Symbol) and each.letter == variable.letter}
    if len(points) != 1:
        return variable
    (point,) = points
    context.assume(f"the gradient by {variable} of {body} is that by its argument, {point}", variable.span)
    return point


def _reaches(body: ir.Node, by: ir.Node) -> bool:
    """Is there a path from a body to a value, with no stop-gradient on it?"""
    waiting, seen = [body], set[ir.Node]()
    while waiting:
        node = waiting.pop()
        if node is by:
            return True
        if node not in seen and not isinstance(node, ir.StopGrad):
            seen.add(node)
            waiting += node.children
    return False
