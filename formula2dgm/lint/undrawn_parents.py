"""A latent variable of the model that nothing draws: ``E_{q(z|x)}[\\log p(x|z, w) + \\log p(w)] - KL[q(z|x) || p(z)]``.

It is data then, that the caller passes; and neither a bracket nor what is drawn reads it.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import walk
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.reading.names import read_name
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


def _find(text: Text) -> Iterator[Finding]:
    named = _named_by_binders(text)
    for objective in text.program.objectives:
        nodes = list(walk(*(each.node for each in objective.terms)))
        draws = [each for each in nodes if isinstance(each, ir.Draw)]
        if not draws:
            continue
        read_by_draws = {each.name for each in walk(*(draw.law for draw in draws)) if isinstance(each, ir.Data)}
        for prior, name in _scored_alone(nodes):
            parent = next((each for each in nodes if _reads(each, name, draws)), None)
            if isinstance(parent, ir.LogProb) and name not in read_by_draws | named:
                yield Finding(
                    f"{name} is data here: the model has {prior.law.label}, {parent.law.label}, and nothing draws it",
                    _place(objective, prior),
                    f"draw it, q({name}|...); where it is data, give it to what is drawn, {_given(draws[0], name)}",
                )


def _scored_alone(nodes: list[ir.Node]) -> Iterator[tuple[ir.LogProb, str]]:
    """Log-densities of data that are given nothing: ``\\log p(w)``."""
    for each in nodes:
        if isinstance(each, ir.LogProb) and isinstance(each.value, ir.Data):
            if not any(isinstance(node, ir.Data | ir.Draw) for node in walk(each.law)):
                yield each, each.value.name


def _reads(node: ir.Node, name: str, draws: list[ir.Draw]) -> bool:
    """Is it the log-density of something else, given the variable and what is drawn?"""
    if not isinstance(node, ir.LogProb):
        return False
    given = list(walk(node.law))
    own = any(isinstance(each, ir.Data) and each.name == name for each in given)
    return own and any(each in draws for each in given)


def _named_by_binders(text: Text) -> set[str]:
    """What expectations name: the text says how it is drawn, or that it is data."""
    binders = (item for each in text.nodes() if isinstance(each, tree.Expect) for item in each.binders)
    symbols = (each for item in binders for each in item.all(tree.Symbol))
    return {read_name(each, text.model.indices).id for each in symbols}


def _place(objective: Objective, prior: ir.LogProb) -> Span | None:
    own = [each for each in objective.terms if prior in set(walk(each.node))]
    return own[0].span if own else objective.span


def _given(draw: ir.Draw, name: str) -> str:
    label = draw.law.label
    return f"{label[:-1]}, {name})" if "|" in label and label.endswith(")") else f"q({draw.site}|{name})"


RULE = Rule("F2D-0913", "warning", _find)
