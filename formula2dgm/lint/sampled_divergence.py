"""A divergence written out at draws where it has a closed form: ``E_q[\\log q(z|x) - \\log p(z)]`` of two Normals."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Term
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.registry.divergences import closed_form


def _find(text: Text) -> Iterator[Finding]:
    for objective in text.program.objectives:
        scored: dict[ir.Draw, list[tuple[ir.Law, Term]]] = {}
        for term in objective.terms:
            for score in _scores(term.node):
                if isinstance(score.value, ir.Draw):
                    scored.setdefault(score.value, []).append((score.law, term))
        for draw, found in scored.items():
            own = [term for law, term in found if law is draw.law]
            others = [law for law, _ in found if law is not draw.law]
            if own and others and closed_form("KL", draw.law.family, others[0].family) is not None:
                left, right = draw.law.label, others[0].label
                yield Finding(
                    f"log {left} and log {right} are taken at draws: their divergence has a closed form, without noise",
                    own[0].span,
                    f"write KL[{left} || {right}]",
                )


def _scores(node: ir.Node) -> Iterator[ir.LogProb]:
    """The log-densities whose mean or sum a term is."""
    match node:
        case ir.Reduce(body=body) | ir.Neg(body):
            yield from _scores(body)
        case ir.Add():
            for each in node.children:
                if isinstance(each, ir.Node):
                    yield from _scores(each)
        case ir.LogProb():
            yield node


RULE = Rule("F2D-0910", "note", _find)
