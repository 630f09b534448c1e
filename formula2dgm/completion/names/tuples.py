r"""Names for several variables at once: ``z = (x_0, x_1)``, of which ``q(z)`` and ``p_t(x|z)`` speak.

The name is written out where densities and functions are given it and where it is drawn. ``q(z) = \pi(x_0, x_1)`` and
``q(z) = q(x_0) q(x_1)`` say by themselves what z stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.data_names import is_data_name
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.syntax import tree

_EQUAL = ("=", ":=")
_Items = tuple[tree.Node, ...]


def write_tuples(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such names written out, and what they stand for; ``keys`` are what is bound."""
    said, out, notes = set(map(_said, statements)), list(statements), list[Note]()
    known = {_head(key) for key in (*_left_sides(statements), *keys)}
    for name, items, factors, place in filter(None, map(_of_density, statements)):
        if not all(each.head in known or is_data_name(each.head) or set(each.args) <= known for each in factors):
            continue
        told = next((each for each in said if each is not None and each[0] == name), None)
        definitions = [each for each in statements if _said(each) == told and told is not None]
        items = told[1] if told is not None else items
        rest = [each for each in out if each not in definitions]
        written = [each.with_body(_written(each.body, name, items)) for each in rest]
        if any(node == name for each in written for node in each.body.walk()):
            continue
        out = written
        if told is None:
            notes.append(Note(f"{name} is {tree.Tuple(items, span=place.span)}", place.span))
    return out, notes


def _said(statement: tree.Statement) -> tuple[tree.Node, _Items] | None:
    """``z = (x_0, x_1)``."""
    match statement.body:
        case tree.Chain(members=(tree.Symbol() as name, tree.Tuple(items)), relations=(relation,)) if (
            relation in _EQUAL and all(isinstance(each, tree.Symbol) for each in items)
        ):
            return name, items
    return None


def _head(node: tree.Node) -> tree.Node:
    return node.head if isinstance(node, tree.Call) else node


def _left_sides(statements: Sequence[tree.Statement]) -> list[tree.Node]:
    """What statements say something of, but for the densities of products."""
    own = {each[-1] for each in map(_of_density, statements) if each is not None}
    chains = [each.body for each in statements if isinstance(each.body, tree.Chain)]
    return [each.members[0] for each in chains if each.relations[0] != "in" and each.members[0] not in own]


def _of_density(statement: tree.Statement) -> tuple[tree.Node, _Items, tuple[tree.Call, ...], tree.Node] | None:
    """The one variable of a density that is declared as a density, or a product of some, over several others."""
    match statement.body:
        case tree.Chain(
            members=(tree.Call(args=(tree.Symbol() as name,), given=None, params=None) as left, right),
            relations=(relation,),
        ) if relation in _EQUAL and is_density_call(left):
            factors = right.factors if isinstance(right, tree.Mul) else (right,)
            calls = [each for each in factors if isinstance(each, tree.Call) and _is_unconditional(each)]
            items = tuple(item for each in calls for item in each.args)
            if len(calls) == len(factors) and len(set(items)) == len(items) > 1 and name not in items:
                return name, items, tuple(calls), left
    return None


def _is_unconditional(node: tree.Call) -> bool:
    """A density of names that is given nothing."""
    return (
        is_density_call(node)
        and not is_written_family(node)
        and node.given is None
        and node.params is None
        and all(isinstance(each, tree.Symbol) for each in node.args)
    )


def _written(node: tree.Node, name: tree.Node, items: _Items) -> tree.Node:
    """With the name as several where it is given to something, or drawn."""
    node = map_children(node, lambda each: _written(each, name, items))
    match node:
        case tree.Call(args=args, given=given) if name in args or name in (given or ()):
            return replace(node, args=_spread(args, name, items), given=given and _spread(given, name, items))
        case tree.Draws(names=names) if name in names:
            return replace(node, names=_spread(names, name, items))
        case tree.Chain(members=(left, right), relations=("~",)) if left == name:
            return replace(node, members=(tree.Tuple(items, span=left.span), right))
    return node


def _spread(nodes: _Items, name: tree.Node, items: _Items) -> _Items:
    return tuple(
        item
        for each in nodes
        for item in (tuple(replace(one, span=each.span) for one in items) if each == name else (each,))
    )
