"""Data that are one number for each example: the advantage A of ``E_{s, a, A}[A \\log \\pi(a|s)]``.

Such a variable is bound by an expectation over the data, nothing says that it has a shape, and it multiplies what is a
number; or its space says so: r of ``(Q(s, a) - r)^2`` where ``r \\in \\mathbb{R}``. It is given to no density and no
network, and stands under no norm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from formula2dgm.reading.names import Name, read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.operators.binder_items import binder_items
from formula2dgm.resolve.statements.model import Model
from formula2dgm.resolve.statements.once import once
from formula2dgm.resolve.values.terms_of_numbers import as_numbers
from formula2dgm.syntax import tree


def is_weight(context: Context, name: Name) -> bool:
    """Does the data variable hold one number for each example?"""
    space = context.model.spaces.get(name.id)
    said = name.id in context.options.dims or (space is not None and (space.shape != () or space.classes is not None))
    number = space is not None and space.shape == ()
    if said or name.index or not (number or _is_bound(context, name)):
        return False
    uses, free, weighs = once(context.model, _standing)
    return (name.id in weighs or number) and 0 < uses[name.id] == free[name.id]


def _standing(model: Model) -> tuple[Counter[str], Counter[str], set[str]]:
    """How often each name stands in the text, how often as a number; and those that are factors as numbers."""
    uses = (each for root in model.expressions() for each in _values(root))
    roots = [each for wanted in model.objectives for each in wanted.members]
    free = (each for root in roots for each in as_numbers(root))
    weighs = (each for root in roots for product in root.all(tree.Mul) for each in as_numbers(product))
    return _named(model, uses), _named(model, free), set(_named(model, weighs))


def _named(model: Model, nodes: Iterable[tree.Node]) -> Counter[str]:
    return Counter(read_name(each, model.indices).id for each in nodes if isinstance(each, tree.Symbol))


def _is_bound(context: Context, name: Name) -> bool:
    """Does an expectation over the data bind the variable?"""
    expectations = (each for root in context.model.expressions() for each in root.all(tree.Expect))
    items = (item for each in expectations for binder in each.binders for item in binder_items(context, binder))
    return any(_names(context, each, name) for names, _ in items for each in names)


def _values(node: tree.Node) -> list[tree.Node]:
    """The nodes of a tree without what expectations bind."""
    inside = (node.body,) if isinstance(node, tree.Expect) else node.children
    return [node, *(each for child in inside for each in _values(child))]


def _names(context: Context, node: tree.Node, name: Name) -> bool:
    return isinstance(node, tree.Symbol) and read_name(node, context.model.indices).id == name.id
