r"""What a text says of the log-density along a path, ``\frac{d \log p(z(t))}{dt} = -\mathrm{tr}(\nabla_z f(z, t))``."""

from __future__ import annotations

from formula2dgm.completion.flows.bodies import OnPath
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.flow_equations import FlowEquation
from formula2dgm.reading.signature import is_density_call, slot_value
from formula2dgm.syntax import tree


def change_of_density(equation: FlowEquation, body: tree.Node) -> tree.Node | None:
    """The right side of such a statement, at a point of the path; None for any other statement."""
    match body:
        case tree.Chain((tree.Prefix("jac" | "grad" | "partial", of, (by,)), right), ("=",)) if by == equation.time:
            pass
        case tree.Chain((tree.Div(tree.Prefix("partial", of), tree.Prefix("partial", by)), right), ("=",)):
            if by != equation.time:
                return None
        case _:
            return None
    density = of.operand if isinstance(of, tree.Prefix) else of.args[0] if isinstance(of, tree.Func) else None
    named = isinstance(of, tree.Prefix | tree.Func) and of.name == "log"
    if not named or not isinstance(density, tree.Call) or len(density.args) != 1:
        return None
    state = slot_value(density.args[0])
    if not (equation.reads(state, equation.time) or state == equation.state):
        return None
    change = OnPath(equation, equation.time)(right)
    if isinstance(change, tree.Prefix | tree.Func) and change.name in ("tr", "div"):
        raise FormulaError(
            Diagnostic(
                "F2D-0537",
                "error",
                f"{body}: where the trace is positive, the volume grows and the density falls",
                right.span,
                "write a minus in front of the trace",
            )
        )
    return change


def is_density_of(node: tree.Node, name: tree.Symbol) -> bool:
    """Is this a density over one variable?"""
    return isinstance(node, tree.Call) and is_density_call(node) and node.args == (name,)
