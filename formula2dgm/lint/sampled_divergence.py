"""A divergence written out at draws where it has a closed form: ``E_q[\\log q(z|x) - \\log p(z)]`` of two Normals."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Term
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.lint.terms import signed_parts
from formula2dgm.registry.divergences import closed_form


def _find(text: Text) -> Iterator[Finding]:
    for objective in text.program.objectives:
        scored: dict[ir.Draw, list[tuple[int, ir.Law, Term]]] = {}
        for sign, score, term in signed_parts(text.program, objective):
            if isinstance(score, ir.LogProb) and isinstance(score.value, ir.Draw):
                scored.setdefault(score.value, []).append((sign, score.law, term))
        for draw, found in scored.items():
            own = [(sign, term) for sign, law, term in found if law is draw.law]
            others = [law for sign, law, _ in found if law is not draw.law and own and sign == -own[0][0]]
            if others and closed_form("KL", draw.law.family, others[0].family) is not None:
                left, right = draw.law.label, others[0].label
                yield Finding(
                    f"log {left} and log {right} are taken at draws: their divergence has a closed form, without noise",
                    own[0][1].span,
                    f"write KL[{left} || {right}]",
                )


RULE = Rule("F2D-0910", "note", _find)
