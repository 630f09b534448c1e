r"""``f(y \oplus a)``: what a function is given side by side, ``f(y, a)``.

Networks read several inputs one beside the other. Elsewhere a sum of spaces is no operation on values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def write_concatenations(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such arguments side by side, and what was decided.

    >>> from formula2dgm.syntax import parse
    >>> str(write_concatenations(parse(r"\\|f(x, 2 y \\oplus a)\\|^2")[0])[0][0])
    '||f(x, 2 y, a)||^2'
    """
    notes: list[Note] = []

    def written(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Call):
            args, given = tuple(_beside(node.args)), tuple(_beside(node.given or ()))
            if len(args) + len(given) > len(node.args) + len(node.given or ()):
                made = replace(node, args=args, given=given if node.given is not None else None)
                notes.append(Note(f"{node} is {made}: each of them is given", node.span))
                node = made
        if isinstance(node, tree.Mul) and "oplus" in node.ops:
            message = f"{node} joins values that no function is given"
            hint = "write it as the argument of a function, f(x \\oplus y); the sum of values is x + y"
            raise FormulaError(Diagnostic("F2D-0549", "error", message, node.span, hint))
        return map_children(node, written)

    return [each.with_body(written(each.body)) for each in statements], notes


def _beside(args: Sequence[tree.Node]) -> Iterator[tree.Node]:
    """The arguments, each of a sum of spaces by itself."""
    for each in args:
        if not isinstance(each, tree.Mul) or "oplus" not in each.ops:
            yield each
            continue
        places = [0, *(at + 1 for at, op in enumerate(each.ops) if op == "oplus"), len(each.factors)]
        for first, last in zip(places[:-1], places[1:], strict=True):
            factors = each.factors[first:last]
            yield factors[0] if len(factors) == 1 else replace(each, factors=factors, ops=each.ops[first : last - 1])
