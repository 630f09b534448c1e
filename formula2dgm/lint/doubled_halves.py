"""Half of a divergence beside the whole: ``E_q[\\log p(x|z) + \\log p(z)] - KL[q(z|x) || p(z)]``."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Term
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.lint.terms import signed_parts


def _find(text: Text) -> Iterator[Finding]:
    for objective in text.program.objectives:
        found = list(signed_parts(text.program, objective))
        for sign, whole, _ in found:
            if not isinstance(whole, ir.Divergence) or whole.name != "KL":
                continue
            own = _scored(found, whole.left, whole.left, sign)
            other = _scored(found, whole.right, whole.left, -sign)
            if bool(own) != bool(other):
                law, term = (whole.left, own[0]) if own else (whole.right, other[0])
                yield Finding(
                    f"log {law.label} counts twice: KL[{whole.left.label} || {whole.right.label}] holds it as well",
                    term.span,
                    f"leave log {law.label} out, or write the divergence at draws",
                )


def _scored(found: list[tuple[int, ir.Node, Term]], law: ir.Law, drawn: ir.Law, sign: int) -> list[Term]:
    """The terms that hold the log of a law at draws of another, with a sign."""
    return [
        term
        for own, each, term in found
        if own == sign and isinstance(each, ir.LogProb) and each.law is law
        if isinstance(each.value, ir.Draw) and each.value.law is drawn
    ]


RULE = Rule("F2D-0916", "warning", _find)
