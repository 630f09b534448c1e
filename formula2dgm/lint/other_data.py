"""A density at another variable's value: ``E_{q(z|x)}[...] - KL[q(z|y) || p(z)]``, where y stands nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def _find(text: Text) -> Iterator[Finding]:
    calls = [each for each in text.nodes() if isinstance(each, tree.Call) and is_density_call(each) and each.given]
    for one in calls:
        for other in calls:
            if one.head != other.head or _bases(text, one.args) != _bases(text, other.args):
                continue
            strange = _bases(text, one.given or ()) - _bases(text, other.given or ())
            if len(one.given or ()) == len(other.given or ()) == 1 and strange and _stands_alone(text, strange, one):
                yield Finding(
                    f"{one} reads {', '.join(sorted(strange))}, which stands nowhere else: elsewhere it is {other}",
                    one.span,
                    f"write {other}, or say what {', '.join(sorted(strange))} is",
                )
                return


def _bases(text: Text, slots: tuple[tree.Node, ...]) -> set[str]:
    return {read_name(each, text.model.indices).base for each in slots if isinstance(each, tree.Symbol)}


def _stands_alone(text: Text, names: set[str], call: tree.Call) -> bool:
    """Do the variables stand in this one call alone?"""
    symbols = [each for each in text.nodes() if isinstance(each, tree.Symbol)]
    found = [each for each in symbols if read_name(each, text.model.indices).base in names]
    inside = list(call.all(tree.Symbol))
    return len(found) == sum(read_name(each, text.model.indices).base in names for each in inside)


RULE = Rule("F2D-0906", "warning", _find)
