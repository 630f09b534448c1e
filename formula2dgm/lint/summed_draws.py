"""A sum over draws where their mean is an estimate: ``E_{z_{1:K}}[\\sum_k \\log p(x|z_k)]``, ``\\log \\sum_k p/q``."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.diagnostics import Fix
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Objective, Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.lint.terms import divisors, parts
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


def _find(text: Text) -> Iterator[Finding]:
    for objective in text.program.objectives:
        for term in objective.terms:
            for axis, what in _summed(term, objective):
                size = str(axis.size)
                place = _sum_over(text, axis.name)
                span = place.span if place is not None else term.span
                yield Finding(
                    f"{term.name} is a sum over the {size} draws, and nothing divides it by {size}: {what}",
                    span,
                    f"write \\frac{{1}}{{{size}}} in front of the sum",
                    _mend(span, size) if place is not None and span is not None else None,
                )


def _summed(term: Term, objective: Objective) -> Iterator[tuple[Axis, str]]:
    """The axes of draws that scores of a term are summed over, and what comes of that."""
    for node in walk(term.node):
        match node:
            case ir.Reduce("sum", axis, body) if _is_of_draws(axis) and str(axis.size) not in divisors(term):
                scores = all(isinstance(each, ir.LogProb | ir.Divergence) for _, each in parts(body))
                if scores and _is_linear(term.node, node):
                    yield axis, f"it weighs {axis.size} times as much"
            case ir.Apply("log", (ir.Reduce("sum", axis, body),)) if _is_of_draws(axis):
                if _is_importance_weight(body) and not _subtracts_log(objective, str(axis.size)):
                    yield axis, f"it is too large by log {axis.size}, and no bound"


def _is_of_draws(axis: Axis) -> bool:
    return axis.kind in ("sample", "replicate") and axis.size not in (None, 1)


def _is_linear(root: ir.Node, found: ir.Node) -> bool:
    """Is the term a sum or a mean of what is found?"""
    while root is not found:
        match root:
            case ir.Reduce("mean" | "sum", _, body) | ir.Neg(body):
                root = body
            case _:
                return False
    return True


def _is_importance_weight(body: ir.Node) -> bool:
    """Is it a ratio of densities over that of what is drawn, and nothing else: ``p(x, z) / q(z|x)`` at draws of q?"""
    found = list(_factors(body, 1))
    own = [each for sign, each in found if sign < 0 and isinstance(each, ir.LogProb) and _is_own(each)]
    return bool(own) and all(isinstance(each, ir.LogProb) for _, each in found)


def _factors(node: ir.Node, sign: int) -> Iterator[tuple[int, ir.Node]]:
    """The logarithms of the factors of a product of exponentials, each with its sign."""
    match node:
        case ir.Mul(args):
            for each in args:
                yield from _factors(each, sign)
        case ir.Div(top, bottom):
            yield from _factors(top, sign)
            yield from _factors(bottom, -sign)
        case ir.Apply("exp", (exponent,)):
            yield from parts(exponent, sign)
        case _:
            yield sign, node


def _is_own(score: ir.LogProb) -> bool:
    return isinstance(score.value, ir.Draw) and score.value.law is score.law


def _subtracts_log(objective: Objective, size: str) -> bool:
    """Does the objective hold ``\\log K`` anywhere?"""
    for node in walk(*(each for term in objective.terms for each in (term.node, term.coefficient))):
        match node:
            case ir.Apply("log", (ir.Hyper(name),)) if name == size:
                return True
            case ir.Apply("log", (ir.Const(value),)) if f"{value:g}" == size:
                return True
    return False


def _sum_over(text: Text, index: str) -> tree.Big | None:
    """The only sum of the text over an index."""
    sums = [each for each in text.nodes() if isinstance(each, tree.Big) and each.op == "sum"]
    own = [each for each in sums if any(_bound(binder) == index for binder in each.binders)]
    return own[0] if len(own) == 1 else None


def _bound(binder: tree.Node) -> str:
    return str(binder.name if isinstance(binder, tree.Binds) else binder)


def _mend(span: Span, size: str) -> Fix | None:
    """``\\frac{1}{K}`` in front of a sum that the user wrote, in the user's spelling."""
    if span.text.startswith("\\sum"):
        return Fix(Span(span.source, span.start, span.start), f"\\frac{{1}}{{{size}}} ")
    if span.text.startswith(("sum", "∑", "Σ")):
        return Fix(Span(span.source, span.start, span.start), f"1/{size} ")
    return None


RULE = Rule("F2D-0912", "warning", _find)
