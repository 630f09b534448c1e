"""A one that slipped out of a subscript: ``p(x_t|x_t-1)``, which reads ``x_t`` less 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from formula2dgm.diagnostics import Fix
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def _find(text: Text) -> Iterator[Finding]:
    for node in text.nodes():
        if isinstance(node, tree.Call):
            for each in (*node.args, *(node.given or ())):
                match each:
                    case tree.Add((tree.Symbol(sub=(tree.Symbol() as index,)) as symbol, tree.Neg(tree.Number("1")))):
                        if not (is_density_call(node) or str(index) in text.model.bounds):
                            continue
                        less = tree.Neg(tree.Number("1", span=each.span), span=each.span)
                        meant = replace(symbol, sub=(tree.Add((index, less), span=each.span),)).latex()
                        yield Finding(
                            f"{each} is {symbol} less 1: is the step before meant, {meant}?",
                            each.span,
                            f"write {meant}",
                            Fix(each.span, meant),
                        )


RULE = Rule("F2D-0905", "warning", _find)
