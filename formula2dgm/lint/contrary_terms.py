"""Two halves of a bound with one sign: ``\\log p(z) + \\log q(z|x)`` at draws of q, ``\\min E_q[\\log p(x|z)] + KL``.

A written direction settles what is done, and says nothing of a minus that was forgotten in front of one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.lint.terms import signed_parts


def _find(text: Text) -> Iterator[Finding]:
    for objective in text.program.objectives:
        found = list(signed_parts(text.program, objective))
        scores = [(sign, each, term) for sign, each, term in found if isinstance(each, ir.LogProb)]
        yield from _own_scores(scores)
        wish = 1 if objective.maximize else -1
        for sign, each, _ in found:
            if isinstance(each, ir.Divergence) and each.name == "KL" and sign == -wish:
                yield from _likelihoods(scores, each, sign)


def _own_scores(scores: list[tuple[int, ir.LogProb, Term]]) -> Iterator[Finding]:
    """The log-density of what is drawn, with the sign of another of the same draw."""
    for sign, own, term in scores:
        if not isinstance(own.value, ir.Draw) or own.law is not own.value.law:
            continue
        others = [each for other, each, _ in scores if other == sign and each.value is own.value and each is not own]
        against = [each for other, each, _ in scores if other == -sign and each.value is own.value]
        if others and not against:
            yield Finding(
                f"log {own.law.label}, of what is drawn, has the same sign as log {others[0].law.label}",
                term.span,
                f"a bound has the difference: log {others[0].law.label} - log {own.law.label}",
            )


def _likelihoods(scores: list[tuple[int, ir.LogProb, Term]], divergence: ir.Divergence, sign: int) -> Iterator[Finding]:
    """The log-likelihood of data given draws of a divergence's left side, with the sign of the divergence."""
    for own, each, term in scores:
        given = {node.law for node in walk(each.law) if isinstance(node, ir.Draw)}
        if own == sign and isinstance(each.value, ir.Data) and divergence.left in given:
            verb = "lowered" if sign > 0 else "raised"
            yield Finding(
                f"log {each.law.label} is {verb} as the divergence beside it is: they have one sign",
                term.span,
                f"a bound has the difference: log {each.law.label} - KL[{divergence.left.label} || ...]",
            )


RULE = Rule("F2D-0914", "warning", _find)
