r"""A score-function surrogate under a draw that passes a gradient, too: ``E_{q(z|x)}[sg[f(z)] \log q(z|x)]``.

The gradient of ``\log q(z|x)``, weighed by a stopped f, is that of the mean of f, where z is held constant. Where z
follows the parameters of q, there is a second one.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.completion.draws.score_surrogates import scored_by_stopped
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.syntax import tree


def _find(text: Text) -> Iterator[Finding]:
    for node in text.nodes():
        if not isinstance(node, tree.Expect):
            continue
        drawn = [each.density if isinstance(each, tree.Draws) else each for each in node.binders]
        for term in _products(node.body):
            for call in scored_by_stopped(term):
                if call in drawn:
                    yield Finding(
                        f"the gradient of {call} is counted twice: by its score, and through what is drawn from it",
                        term.span,
                        f"draw from what is held constant, E_{{z \\sim \\mathrm{{sg}}[{call}]}}; or leave it out",
                    )


def _products(node: tree.Node) -> Iterator[tree.Node]:
    """The terms of a sum, brackets and signs left out."""
    match node:
        case tree.Add(parts):
            for each in parts:
                yield from _products(each)
        case tree.Neg(body) | tree.Labelled(body, _):
            yield from _products(body)
        case _:
            yield node


RULE = Rule("F2D-0644", "warning", _find)
