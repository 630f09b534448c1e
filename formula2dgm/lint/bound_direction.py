r"""A lower bound that is said to be an upper one: ``\log p(x) \le E_q[\log p(x|z)] - KL[q(z|x) || p(z)]``."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.reading.linear_terms import linear_terms
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

_BELOW = ("<=", "<")


def _find(text: Text) -> Iterator[Finding]:
    for wanted in text.model.objectives:
        for left, relation, right in zip(wanted.members, wanted.relations, wanted.members[1:], strict=False):
            if relation in _BELOW and _is_evidence(left) and _is_below_evidence(text, right):
                yield Finding(
                    f"what stands behind {relation} is a lower bound of {left}: the inequality is the wrong way round",
                    left.span | right.span,
                    "write \\ge; to minimise, put a minus in front of both sides",
                )


def _is_evidence(node: tree.Node) -> bool:
    """``\\log p(x)``."""
    match node:
        case tree.Prefix("log", inside, _) | tree.Func("log", (inside,)):
            return is_density_call(inside)
    return False


def _is_below_evidence(text: Text, node: tree.Node) -> bool:
    """A likelihood under an expectation, less a divergence from what is drawn from; or the logarithm of a ratio."""
    terms = list(linear_terms(text.known, node, 1))
    divergences = [sign for each, sign in terms if isinstance(each, tree.Divergence) and each.name == "KL"]
    ratios = [each for each, sign in terms if sign == 1 and _is_log_ratio(each)]
    under = any(isinstance(each, tree.Expect) for each in node.walk())
    return under and (bool(ratios) or (bool(divergences) and all(sign == -1 for sign in divergences)))


def _is_log_ratio(node: tree.Node) -> bool:
    match node:
        case tree.Prefix("log", tree.Div(top, bottom), _) | tree.Func("log", (tree.Div(top, bottom),)):
            return is_density_call(top) and is_density_call(bottom)
    return False


RULE = Rule("F2D-0902", "warning", _find)
