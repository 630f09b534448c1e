r"""A ratio of densities as a term by itself beside log-densities: ``\log p(x|z) - \frac{q(z|x)}{p(z)}``.

Beside the logarithm of the same ratio, ``r - 1 - \log r``, its value is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def _find(text: Text) -> Iterator[Finding]:
    for node in text.nodes():
        if not isinstance(node, tree.Add):
            continue
        terms = [_plain(each) for each in node.terms]
        logs = [inside for each in terms if (inside := _of_log(each)) is not None]
        for each in terms:
            if isinstance(each, tree.Div) and _is_ratio(each) and _is_beside_others(each, logs):
                yield Finding(
                    f"{each} is a term by itself beside log-densities: is a logarithm missing?",
                    each.span,
                    f"write {tree.Prefix('log', each, span=each.span).latex()}",
                )


def _plain(term: tree.Node) -> tree.Node:
    """A term without its sign, its label and its weight."""
    while isinstance(term, tree.Neg | tree.Labelled):
        term = term.body
    if isinstance(term, tree.Mul):
        rest = [each for each in term.factors if not isinstance(each, tree.Number | tree.Symbol)]
        return rest[0] if len(rest) == 1 else term
    return term


def _of_log(term: tree.Node) -> tree.Node | None:
    """What a term is the logarithm of, where densities are in it."""
    match term:
        case tree.Prefix("log", inside, _) | tree.Func("log", (inside,)):
            return inside if any(map(is_density_call, inside.walk())) else None
    return None


def _is_ratio(term: tree.Div) -> bool:
    """Nothing but densities above and below?"""
    sides = (each.factors if isinstance(each, tree.Mul) else (each,) for each in (term.numerator, term.denominator))
    return all(is_density_call(each) for side in sides for each in side)


def _is_beside_others(ratio: tree.Div, logs: Sequence[tree.Node]) -> bool:
    """Do logarithms stand beside it, and none of them that of the ratio?"""
    sides = {ratio.numerator, ratio.denominator}
    same = any(isinstance(each, tree.Div) and {each.numerator, each.denominator} == sides for each in logs)
    return bool(logs) and not same


RULE = Rule("F2D-0528", "warning", _find)
