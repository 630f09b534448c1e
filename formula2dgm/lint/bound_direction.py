r"""A lower bound that is said to be an upper one: ``\log p(x) \le E_q[\log p(x|z)] - KL[q(z|x) || p(z)]``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from formula2dgm.diagnostics import Fix
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.reading.linear_terms import linear_terms
from formula2dgm.reading.polarity import Samplers, samplers_of
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.statements.wanted import Wanted
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

_BELOW, _ABOVE = ("<=", "<"), (">=", ">")
#: How an inequality is spelled, and how the other one is.
_TURNED = {"\\leqslant": "\\geqslant", "\\leq": "\\geq", "\\le": "\\ge", "≤": "≥", "<=": ">=", "<": ">"}
_TURNED |= {other: one for one, other in _TURNED.items()}
_RELATION = re.compile(r"\\[lg]eqslant(?![a-z])|\\[lg]eq(?![a-z])|\\[lg]e(?![a-z])|[≤≥]|[<>]=|[<>]")


def _find(text: Text) -> Iterator[Finding]:
    for wanted in text.model.objectives:
        for place, (relation, left, right) in _inequalities(wanted):
            lower, upper = (left, right) if relation in _BELOW else (right, left)
            if (_evidence(lower) == 1 and _bound(text, upper) == 1) or (
                _evidence(upper) == -1 and _bound(text, lower) == -1
            ):
                right_way = "\\ge" if relation in _BELOW else "\\le"
                yield Finding(
                    "a lower bound of a log-likelihood is said to be an upper one: the inequality is turned round",
                    wanted.members[place].span | wanted.members[place + 1].span,
                    f"write {right_way}; to minimise, put a minus in front of both sides",
                    _turned(wanted.members[place].span, wanted.members[place + 1].span),
                )


def _inequalities(wanted: Wanted) -> Iterator[tuple[int, tuple[str, Sequence[tree.Node], Sequence[tree.Node]]]]:
    """Each inequality of a chain, with what is equal on its left and on its right."""
    for place, relation in enumerate(wanted.relations):
        if relation not in _BELOW + _ABOVE or place + 1 >= len(wanted.members):
            continue
        first, last = place, place + 1
        while first > 0 and wanted.relations[first - 1] == "=":
            first -= 1
        while last < len(wanted.relations) and wanted.relations[last] == "=":
            last += 1
        yield place, (relation, wanted.members[first : place + 1], wanted.members[place + 1 : last + 1])


def _evidence(members: Sequence[tree.Node]) -> int:
    """1 where one of them is ``\\log p(x)``, -1 for ``-\\log p(x)``."""
    for each in members:
        negative = isinstance(each, tree.Neg)
        match each.body if isinstance(each, tree.Neg) else each:
            case tree.Prefix("log", inside, _) | tree.Func("log", (inside,)) if is_density_call(inside):
                return -1 if negative else 1
    return 0


def _bound(text: Text, members: Sequence[tree.Node]) -> int:
    """1 where one of them is a lower bound of a log-likelihood, -1 for its negative."""
    return next((sign for each in members if (sign := _sign_of_bound(text, each))), 0)


def _sign_of_bound(text: Text, node: tree.Node) -> int:
    """A likelihood under an expectation less a divergence, the logarithm of a ratio, or that of what is drawn
    subtracted; under an expectation outside of the logarithm."""
    if not any(isinstance(each, tree.Expect) for each in node.walk()):
        return 0
    terms = list(linear_terms(text.known, node, 1))
    divergences = {-sign for each, sign in terms if isinstance(each, tree.Divergence) and each.name == "KL"}
    ratios = {sign for each, sign in terms if _is_log_ratio(each)}
    drawn: Samplers = frozenset()
    for each in node.walk():
        if isinstance(each, tree.Expect):
            drawn |= samplers_of(each.binders, text.known)
    own = {-sign for each, sign in terms if _is_log_of_drawn(text, each, drawn)}
    signs = divergences | ratios | own
    return signs.pop() if len(signs) == 1 else 0


def _is_log_of_drawn(text: Text, node: tree.Node, drawn: Samplers) -> bool:
    match node:
        case tree.Prefix("log", inside, _) | tree.Func("log", (inside,)) if is_density_call(inside):
            return any(each.is_one_of(drawn) for each in samplers_of((inside,), text.known))
    return False


def _is_log_ratio(node: tree.Node) -> bool:
    """``\\log \\frac{p(x, z)}{q(z|x)}`` and ``\\log \\frac1K \\sum_k \\frac{p(x, z_k)}{q(z_k|x)}``."""
    match node:
        case tree.Prefix("log", inside, _) | tree.Func("log", (inside,)):
            return _is_ratio(inside)
    return False


def _is_ratio(node: tree.Node) -> bool:
    match node:
        case tree.Div(tree.Big() as top, _):
            return _is_ratio(top)
        case tree.Div(top, bottom):
            return _has_density(top) and _has_density(bottom)
        case tree.Big(op="sum", body=body):
            return _is_ratio(body)
        case tree.Mul((tree.Div(tree.Number()), last), _):
            return _is_ratio(last)
    return False


def _has_density(node: tree.Node) -> bool:
    factors = node.factors if isinstance(node, tree.Mul) else (node,)
    return all(is_density_call(each) for each in factors)


def _turned(left: Span | None, right: Span | None) -> Fix | None:
    """The other inequality in the place of the one between two members."""
    if left is None or right is None or left.source is not right.source:
        return None
    between = Span(left.source, left.end, right.start)
    found = list(_RELATION.finditer(between.text))
    if len(found) != 1:
        return None
    start = between.start + found[0].start()
    return Fix(Span(left.source, start, start + len(found[0][0])), _TURNED[found[0][0]])


RULE = Rule("F2D-0902", "warning", _find)
