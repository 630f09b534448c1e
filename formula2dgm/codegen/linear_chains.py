"""Kalman filters in generated code: one call for all steps."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.codegen.alignment import spread
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.python import ATOM, Code, call
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir

Expression = Callable[[Scope, ir.Node, Demand], Code]


def kalman_log_prob(scope: Scope, node: ir.LinearChain, expression: Expression) -> Code:
    """``log p(x_t|x_{<t})`` at every step."""
    return _called(scope, "kalman_log_prob", node, expression)


def filtered_by_kalman(scope: Scope, node: ir.LinearFilter, expression: Expression) -> Code:
    """The means of ``p(z_t|x_{1:t})`` at every step, and the roots of its covariances."""
    return _called(scope, "kalman_filtered", node.chain, expression)


def _called(scope: Scope, function: str, node: ir.LinearChain, expression: Expression) -> Code:
    def value(each: ir.Node) -> Code:
        code = expression(scope, each, "number" if each.event == "number" else "value")
        if is_python_number(each):
            return code
        if not each.axes:
            return Code(f"{code.within(ATOM)}[{', '.join(['None'] * len(node.axes))}]")
        return spread(code, each.axes, node.axes, full=True)

    def parts(law: ir.Law, *maps: ir.Node) -> Code:
        codes = [value(each) for each in (*maps, *(parameter for _, parameter in law.params))]
        return Code(f"({', '.join(each.text for each in codes)})", items=tuple(codes), head="(", tail=")")

    settings = ["before=True"] if node.before else []
    return call(
        scope.use(function),
        value(node.value),
        parts(node.start),
        parts(node.motion, node.matrix),
        parts(node.emission, node.loading),
        f"lead={len(node.axes)}",
        *settings,
    )
