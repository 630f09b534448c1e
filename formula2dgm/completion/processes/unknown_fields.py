r"""Targets that nothing says: ``\|v_\theta(x, t) - u_t(x)\|^2`` and ``u_t(x|x_1)``, errors.

By default ``u_t`` would be a network, trained to be easy to fit. The field that is meant follows from a path between
noise and data, which the text leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_paths import TIMES
from formula2dgm.completion.processes.unsaid_processes import names_of
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.brackets import brackets
from formula2dgm.reading.names import GREEK_GROUPS, plain
from formula2dgm.reading.signature import DENSITY_LETTERS
from formula2dgm.syntax import tree


def refuse_unknown_fields(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> list[tree.Statement]:
    """The statements; an error where a bracket draws a time and compares a network with a field at it that nothing
    says."""
    lefts = [*keys, *(each.body.members[0] for each in statements if isinstance(each.body, tree.Chain))]
    said = {own for each in lefts for node in each.walk() for own in _spelled(node)}
    for binders, expectation in (found for each in statements for found in brackets(each.body)):
        times = {plain(name) for each in binders for name in names_of(each)} & set(TIMES)
        for norm in expectation.body.all(tree.Norm):
            sides = norm.body.terms if isinstance(norm.body, tree.Add) else ()
            calls = [each.body if isinstance(each, tree.Neg) else each for each in sides]
            if len(calls) != 2:
                continue
            fields = (each for each in calls if isinstance(each, tree.Call) and _is_field(each, times))
            unsaid = [each for each in fields if said.isdisjoint(_spelled(each.head))]
            if unsaid and (len(unsaid) == 2 or any(_is_learned(each) for each in calls)):
                raise FormulaError(_refusal(next((each for each in unsaid if each.given), unsaid[-1])))
    return list(statements)


def _is_field(call: tree.Call, times: set[str | None]) -> bool:
    """``u_t(x)``, ``u_t(x|x_1)``."""
    head = call.head
    if not isinstance(head, tree.Symbol) or head.letter in DENSITY_LETTERS or head.sup or head.accents:
        return False
    return len(head.sub) == 1 and plain(head.sub[0]) in times


def _is_learned(node: tree.Node) -> bool:
    """``v_\\theta(x, t)``, ``u_t^\\theta(x)``."""
    if not isinstance(node, tree.Call) or not isinstance(node.head, tree.Symbol):
        return False
    return any(
        isinstance(each, tree.Symbol) and each.letter in GREEK_GROUPS for each in (*node.head.sub, *node.head.sup)
    )


def _spelled(node: tree.Node) -> Iterator[tree.Symbol]:
    """A name, and without its scripts."""
    if isinstance(node, tree.Symbol):
        yield node
        yield replace(node, sub=(), sup=())


def _refusal(call: tree.Call) -> Diagnostic:
    message = f"nothing says what {call} is, which the network is compared with"
    hint = "write what follows from a path, E_{t, x_0, x_1}[||v_theta(x_t, t) - (x_1 - x_0)||^2], or bind it"
    return Diagnostic("F2D-0558", "error", message, call.span, hint)
