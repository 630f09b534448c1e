r"""Densities of one value, in the letter that papers write: ``p(x|z) = \delta(x - G(z))`` is ``Delta(x; G(z))``.

    \delta(x - G(z)), \delta(G(z) - x), \delta(x; G(z)), \delta_{G(z)}(x)

They are read as such where they are what a statement says a density over x is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.signature import is_density_call, slot_value
from formula2dgm.syntax import tree


def write_point_masses(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> list[tree.Statement]:
    """The statements with such densities as the family; ``keys`` are what is bound."""
    said = [key.head if isinstance(key, tree.Call) else key for key in keys]
    said += [left.head for each in statements if isinstance(left := _left(each.body), tree.Call)]
    if any(isinstance(each, tree.Symbol) and each.letter == "delta" for each in said):
        return list(statements)
    return [each.with_body(_written(each.body)) for each in statements]


def _left(body: tree.Node) -> tree.Node | None:
    return body.members[0] if isinstance(body, tree.Chain) and body.relations[0] in ("=", ":=") else None


def _written(body: tree.Node) -> tree.Node:
    density = _left(body)
    if not isinstance(body, tree.Chain) or not isinstance(density, tree.Call) or not is_density_call(density):
        return body
    variables = tuple(slot_value(each) for each in density.args)

    def mass(node: tree.Node) -> tree.Node:
        match node:
            case tree.Call(head=tree.Symbol("delta", (), sub) as head, args=(at,), given=None, params=params):
                value, place = _parts(at, sub, params, variables)
                if value is not None and place is not None and value not in set(place.walk()):
                    family = tree.Symbol("Delta", span=head.span)
                    return replace(node, head=family, args=(value,), params=(place,))
        return node

    return replace(body, members=(density, *map(mass, body.members[1:])))


def _parts(
    at: tree.Node, sub: tuple[tree.Node, ...], params: tuple[tree.Node, ...] | None, variables: tuple[tree.Node, ...]
) -> tuple[tree.Node | None, tree.Node | None]:
    """The variable and its one value; None for what is no density of one value."""
    match at, sub, params:
        case tree.Add((first, tree.Neg(second))), (), None if first in variables:
            return first, second
        case tree.Add((first, tree.Neg(second))), (), None if second in variables:
            return second, first
        case variable, (), (place,) if variable in variables:
            return variable, place
        case variable, (place,), None if variable in variables:
            return variable, place
    return None, None
