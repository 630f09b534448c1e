"""A density at a function without what the function does to volumes, or with its inverse: ``\\max E_x[\\log p(f(x))]``.

It is no density of x: it is largest where f takes everything to one point.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import walk
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.lint.terms import signed_parts


def _find(text: Text) -> Iterator[Finding]:
    for objective in text.program.objectives:
        wish = 1 if objective.maximize else -1
        for sign, each, term in signed_parts(text.program, objective):
            if not isinstance(each, ir.LogProb) or sign != wish or not isinstance(each.value, ir.Head):
                continue
            call = each.value.call
            if _is_turned(text, objective, each.value, sign):
                yield Finding(
                    f"log {each.law.label} at a function and the function's log-determinant have opposite signs",
                    term.span,
                    "the density of x is p(f(x)) |\\det \\frac{\\partial f(x)}{\\partial x}|: add the logarithms",
                )
            elif _is_fixed(each.law) and _reads_data_alone(call) and _is_alone(objective, each, call):
                label = next(net.label for net in text.program.called if net.name == call.network)
                yield Finding(
                    f"log {each.law.label} at {label} of the data is no log-density of the data: "
                    f"the logarithm of the determinant of {label} is missing",
                    term.span,
                    f"add \\log |\\det \\frac{{\\partial {label}(x)}}{{\\partial x}}|, with {label} invertible",
                )


def _is_turned(text: Text, objective: Objective, value: ir.Head, sign: int) -> bool:
    """Does the logarithm of the determinant of the same call have the other sign?"""
    return any(
        own == -sign and isinstance(each, ir.Head) and each.output == ir.LOG_DET and each.call is value.call
        for own, each, _ in signed_parts(text.program, objective)
    )


def _is_fixed(law: ir.Law) -> bool:
    """Does the density hang on nothing that is given to it?"""
    return not any(isinstance(each, ir.NetCall | ir.Data | ir.Draw) for each in walk(law))


def _reads_data_alone(call: ir.NetCall) -> bool:
    inside = list(walk(*call.args))
    return any(isinstance(each, ir.Data) for each in inside) and not any(isinstance(each, ir.Draw) for each in inside)


def _is_alone(objective: Objective, score: ir.LogProb, call: ir.NetCall) -> bool:
    """Does nothing else read the network, and nothing its volumes?"""
    outside = walk(*(each.node for each in objective.terms), below=lambda each: () if each is score else each.children)
    return not any(
        isinstance(each, ir.LogDetJacobian | ir.LogAbsDet | ir.JacobianTrace)
        or (isinstance(each, ir.NetCall) and each.network == call.network)
        for each in outside
    )


RULE = Rule("F2D-0915", "warning", _find)
