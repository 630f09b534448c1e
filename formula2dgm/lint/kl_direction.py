"""A divergence that runs against the expectation beside it: ``E_{q(z|x)}[...] - KL[p(z) || q(z|x)]``.

The bound's divergence is from what is drawn from, ``KL[q(z|x) || p(z)]``; the other way round it is no bound.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.reading.linear_terms import linear_terms
from formula2dgm.reading.polarity import Samplers, samplers_of
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def _find(text: Text) -> Iterator[Finding]:
    for member in text.members():
        terms = [each for each, _ in linear_terms(text.known, member, 1)]
        drawn = _drawn_from(text, member)
        for each in terms:
            if not isinstance(each, tree.Divergence) or each.name != "KL":
                continue
            left, right = _is_one_of(text, each.left, drawn), _is_one_of(text, each.right, drawn)
            if right and not left:
                yield Finding(
                    f"{each} runs against the expectation, which draws from {each.right}",
                    each.span,
                    f"the bound has KL[{each.right} || {each.left}]",
                )


def _drawn_from(text: Text, member: tree.Node) -> Samplers:
    """The densities that expectations with a likelihood draw from."""
    found: Samplers = frozenset()
    for node in member.walk():
        if isinstance(node, tree.Expect) and any(_is_log(each) for each in node.body.walk()):
            found |= samplers_of(node.binders, text.known)
    return found


def _is_log(node: tree.Node) -> bool:
    return isinstance(node, tree.Prefix | tree.Func) and node.name == "log"


def _is_one_of(text: Text, side: tree.Node, drawn: Samplers) -> bool:
    own = samplers_of((side,), text.known) if is_density_call(side) else ()
    return any(each.is_one_of(drawn) for each in own)


RULE = Rule("F2D-0901", "warning", _find)
