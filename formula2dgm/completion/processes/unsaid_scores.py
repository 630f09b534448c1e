r"""Scores of densities of which nothing is said, as what a network is fitted to, errors.

``E_{q_\sigma(x)}[\|s(x) - \nabla_x \log q_\sigma(x)\|^2]`` draws x and scores it by one density. By default that would
be a standard Normal: the network would learn the default, and nothing of any data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.completion.data.data_entropy import is_of_data
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.brackets import brackets
from formula2dgm.syntax import tree


def refuse_unsaid_scores(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> list[tree.Statement]:
    """The statements; an error where such a density is neither declared nor bound, and the text has no density of its
    letter that is given something, whose average it could be."""
    chains = [each.body for each in statements if isinstance(each.body, tree.Chain)]
    said = {each.head for each in (*keys, *(chain.members[0] for chain in chains)) if isinstance(each, tree.Call)}
    for call in (node for each in statements for node in each.body.all(tree.Call)):
        if call.given is not None:
            said.add(call.head)
    for binders, expectation in (each for statement in statements for each in brackets(statement.body)):
        drawn = [each.density if isinstance(each, tree.Draws) else each for each in binders]
        for call in _scored(expectation.body):
            if (
                call.given is None
                and (call in drawn or call.head in drawn)
                and call.head not in said
                and not is_of_data(call.head)
            ):
                raise FormulaError(_refusal(call))
    return list(statements)


def _scored(body: tree.Node) -> Iterator[tree.Call]:
    r"""The densities of ``\nabla \log q(x)``."""
    for node in body.walk():
        if isinstance(node, tree.Prefix) and node.name == "grad" and isinstance(node.operand, tree.Prefix):
            inside = node.operand
            if inside.name == "log" and isinstance(inside.operand, tree.Call):
                yield inside.operand


def _refusal(call: tree.Call) -> Diagnostic:
    x = ", ".join(map(str, call.args))
    message = f"nothing says what {call} is, and its score is what is to be learned: a default would be learned instead"
    hint = (
        f"write it as noise around data, {call.head}({x}_tilde|{x}) = N({x}_tilde; {x}, s^2 I), and score that: "
        f"grad_{{{x}_tilde}} log {call.head}({x}_tilde|{x}); or bind {call}"
    )
    return Diagnostic("F2D-0497", "error", message, call.span, hint)
