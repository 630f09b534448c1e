"""Sets that are given by a condition: ``\\{p \\in A : y_p = y_i\\}``, of indices only."""

from __future__ import annotations

from formula2dgm.syntax import tree
from formula2dgm.syntax.tokens import Token, refuse


def set_where(element: tree.Node, conditions: tuple[tree.Node, ...], mark: Token) -> tuple[tree.Node, ...]:
    """The conditions, where they are about an index; what values fulfil, ``\\{x : f(x) > 0\\}``, is refused."""
    name = element.left if isinstance(element, tree.Relates) else element
    if not isinstance(name, tree.Symbol) or len(name.letter) > 1 or not _about(name, conditions):
        hint = "write its elements, {1, ..., K}, an interval, or give the set a name of its own"
        refuse("F2D-0120", "a set that is given by a condition is not read", mark.span, hint)
    return conditions


def _about(name: tree.Symbol, conditions: tuple[tree.Node, ...]) -> bool:
    """Do relations speak of the name, each time as an index or as one side of them?"""
    sides: list[tree.Node] = []
    for each in conditions:
        match each:
            case tree.Relates(left, _, right) | tree.Binds(left, right):
                sides += [left, right]
            case _:
                return False
    uses = sum(each == name for side in sides for each in side.walk())
    scripts = (item for side in sides for each in side.all(tree.Symbol)
               for item in (*each.sub, *each.sup))  # fmt: skip
    allowed = sum(each == name for each in sides) + sum(each == name for each in scripts)
    return 0 < uses == allowed
