r"""A coefficient of a step before a bracket of coefficients multiplies it: ``\sigma_t^2 (1 - \bar\alpha_t)``."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.completion.processes.default_statements import is_named
from formula2dgm.reading.coefficients import COEFFICIENT_LETTERS
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import flatten, map_children
from formula2dgm.reading.time_names import TIME_LETTERS
from formula2dgm.syntax import tree

#: Letters of steps below a coefficient.
_STEPS = TIME_LETTERS | {"s", "n", "k", "i"}


def write_coefficients(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> list[tree.Statement]:
    """The statements with these products written out; ``keys`` are what is bound."""
    lefts = (each.body.members[0] for each in statements if isinstance(each.body, tree.Chain))
    calls = [each for each in (*lefts, *keys) if isinstance(each, tree.Call)]

    def product(node: tree.Node) -> tuple[tree.Node, tree.Node] | None:
        if not isinstance(node, tree.Call) or node.given is not None or node.params is not None or len(node.args) != 1:
            return None
        head = node.head.base if isinstance(node.head, tree.Power) else node.head
        if not isinstance(head, tree.Symbol) or head.letter not in COEFFICIENT_LETTERS or len(head.sub) != 1:
            return None
        applied = head in keys or any(is_named(each, (head.letter, head.accents)) for each in calls)
        counted = isinstance(head.sub[0], tree.Number) or plain(head.sub[0]) in _STEPS
        if not counted or applied or not _is_of_coefficients(node.args[0]):
            return None
        return node.head, node.args[0]

    def written(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Power) and (found := product(node.base)) is not None:
            powered = tree.Power(found[1], node.exponent, span=node.span)
            return flatten(tree.Mul((found[0], map_children(powered, written)), ("",), span=node.span))
        node = map_children(node, written)
        if (found := product(node)) is not None:
            return flatten(tree.Mul(found, ("",), span=node.span))
        return flatten(node) if isinstance(node, tree.Mul) else node

    return [each.with_body(written(each.body)) for each in statements]


def _is_of_coefficients(node: tree.Node) -> bool:
    """``1 - \\bar\\alpha_t``: a sum of numbers and coefficients alone."""
    symbols = list(node.all(tree.Symbol))
    made = all(each.letter in COEFFICIENT_LETTERS or plain(each) in _STEPS for each in symbols)
    return isinstance(node, tree.Add) and made and not any(isinstance(each, tree.Call) for each in node.walk())
