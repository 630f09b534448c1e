r"""Integrals over a time of what is a loss, ``\int_0^1 E[\|...\|^2] dt``: expectations over a time between the ends.

\int_a^b f(t) dt         (b - a) E_{t \sim U(a, b)}[f(t)]
\int_a^b p(t) f(t) dt    E_{t \sim p(t)}[f(t)]                   where all of p(t) lies between the ends
                         (b - a) E_{t \sim U(a, b)}[p(t) f(t)]   where the text says another p(t)
                         E_{t \sim U(a, b)}[f(t)]                where nothing says what p(t) is
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm import registry
from formula2dgm.completion.flows.symbols import AlongPath
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def average_times(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node] = ()
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such integrals as expectations, and what was decided; ``keys`` are what is bound.

    >>> from formula2dgm.syntax import parse
    >>> str(average_times(parse(r"\\int_0^1 E_{p(x)}[||f(x, t)||^2] dt")[0])[0][0])
    'E_{t ~ U(0, 1)}[E_p(x)[||f(x, t)||^2]]'
    """
    notes: list[Note] = []
    laws = {each.body.members[0]: each.body.members[-1] for each in statements if isinstance(each.body, tree.Chain)}

    def written(node: tree.Node) -> tree.Node:
        made = map_children(node, written)
        if not isinstance(made, tree.Integral) or isinstance(made, AlongPath) or not _is_over_time(made):
            return made
        (time,), span = made.variables, made.span
        factors = made.body.factors if isinstance(made.body, tree.Mul) else (made.body,)
        own = [
            each for each in factors if isinstance(each, tree.Call) and is_density_call(each) and each.args == (time,)
        ]
        assert made.lower is not None and made.upper is not None
        law = tree.Call(tree.Symbol("U", span=span), (made.lower, made.upper), span=span)
        if len(own) == 1 and isinstance(made.body, tree.Mul):
            rest = tuple(each for each in factors if each is not own[0])
            body = rest[0] if len(rest) == 1 else tree.Mul(rest, ("",) * (len(rest) - 1), span=made.body.span)
            said = next((laws[each] for each in (own[0], time) if each in laws), None)
            if said is None and own[0] not in keys:
                notes.append(Note(f"{own[0]} is uniform between {made.lower} and {made.upper}", own[0].span))
                return tree.Expect((tree.Draws((time,), law, span=span),), body, span=span)
            if said is not None and _lies_between(said, time, made.lower, made.upper):
                notes.append(Note(f"{made} is an expectation over {own[0]}", span))
                return tree.Expect((tree.Draws((time,), said, span=span),), body, span=span)
        average = tree.Expect((tree.Draws((time,), law, span=span),), made.body, span=span)
        notes.append(Note(f"{made} is estimated at a time between its ends, drawn for each example", span))
        if (str(made.lower), str(made.upper)) == ("0", "1"):
            return average
        length = tree.Add((made.upper, tree.Neg(made.lower, span=span)), span=span)
        return tree.Mul((length, average), ("",), span=span)

    return [each.with_body(written(each.body)) for each in statements], notes


def _lies_between(law: tree.Node, time: tree.Node, lower: tree.Node, upper: tree.Node) -> bool:
    """Is this a family that has all its values between the ends?"""
    family = registry.family_by_spelling(spelling(law.head)) if isinstance(law, tree.Call) else None
    if family is None or not isinstance(law, tree.Call):
        return False
    ends = tuple(each for each in law.params or law.given or law.args if each != time)
    if family.name == "Beta":
        return (str(lower), str(upper)) == ("0", "1")
    numbers = [_number(each) for each in (lower, *ends, upper)]
    within = None not in numbers and numbers == sorted(numbers, key=lambda each: each or 0.0)
    return family.name == "Uniform" and len(ends) == 2 and (ends == (lower, upper) or within)


def _number(node: tree.Node) -> float | None:
    return float(node.text) if isinstance(node, tree.Number) else None


def _is_over_time(node: tree.Integral) -> bool:
    """Between two ends, of a loss: an expectation, a norm or a divergence."""
    if node.lower is None or node.upper is None or len(node.variables) != 1 or plain(node.variables[0]) is None:
        return False
    if any(isinstance(each, tree.Infinity) for end in (node.lower, node.upper) for each in end.walk()):
        return False
    return any(isinstance(each, tree.Expect | tree.Norm | tree.Divergence) for each in node.body.walk())
