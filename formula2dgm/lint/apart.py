"""A divergence of one density beside an expectation over another: ``E_{r(z|x)}[\\log p(x|z)] - KL[q(z|x) || p(z)]``.

Both are of the same variables given the same, and nothing compares the two: q is learned from the divergence alone, and
what is drawn from r is held by nothing. Mostly it is one density, and a slip of one letter.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.lint.terms import signed_parts


def _find(text: Text) -> Iterator[Finding]:
    for objective in text.program.objectives:
        nodes = list(walk(*(each.node for each in objective.terms)))
        drawn = list(dict.fromkeys(each.law for each in nodes if isinstance(each, ir.Draw)))
        compared = {law for each in nodes for law in _compared(each)}
        for _, whole, term in signed_parts(text.program, objective):
            if not isinstance(whole, ir.Divergence) or whole.name != "KL" or whole.left in drawn:
                continue
            other = next((each for each in drawn if _is_like(each, whole.left) and each not in compared), None)
            if other is not None:
                yield Finding(
                    f"the divergence is that of {whole.left.label}, and the expectation draws from {other.label}: "
                    "nothing compares the two",
                    term.span,
                    f"where one density is meant, write it in both places: KL[{other.label} || {whole.right.label}]",
                )


def _compared(node: ir.Node) -> tuple[ir.Law, ...]:
    """The laws that a node compares with others: a divergence does, and a density under a log."""
    match node:
        case ir.Divergence(left=left, right=right):
            return left, right
        case ir.LogProb(law):
            return (law,)
    return ()


def _is_like(law: ir.Law, other: ir.Law) -> bool:
    """Are both of the same variables, given the same, under different letters?"""
    return law.label.partition("(")[2] == other.label.partition("(")[2] and law.label != other.label


RULE = Rule("F2D-0917", "warning", _find)
