r"""Indices that run over the entries of vectors along axes of their own: ``\\sum_i \\sum_{j \\ne i} ([u]_i [v]_j)^2``.

Where a sum adds up single entries, each for itself, they stay in the event (``entries``). Where entries at two indices
meet, or where they are averaged over something else first, each index is an axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.completion.names.of_examples import OfExample
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.names import plain, read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def reads_entries(context: Context, body: tree.Node, index: str, inside: tuple[str, ...] = ()) -> bool:
    """Does the body read an entry of a vector at this index, there or in what a definition says at it?"""
    for node in body.walk():
        match node:
            case tree.Indexed(index=(entry,)) if plain(entry) == index and not isinstance(node, OfExample):
                return True
            case tree.Symbol():
                name = read_name(node, context.model.indices, head=True)
                definition = context.model.definitions.get(name.full)
                if definition is None or name.full in inside:
                    continue
                for own, at in zip(definition.index, name.index, strict=False):
                    if plain(at) == index and reads_entries(context, definition.body, own, (*inside, name.full)):
                        return True
    return False


def counts_entries(index: tree.Symbol, scope: Scope) -> bool:
    """Is this the index of a sum whose axis nothing but the entries of a vector can lie along?"""
    axis = scope.indices.get(plain(index) or "")
    return axis is not None and axis.kind == "index" and axis.of is None


def entries_at(evaluate: Evaluator, node: tree.Indexed, index: tree.Symbol, scope: Scope) -> ir.Node:
    """``[z]_i``: the entries of a vector along the axis of i."""
    context = evaluate.context
    value = evaluate(node.body, scope.under(node, False))
    if value.event == "number":
        raise context.refuse(
            "F2D-0560",
            f"{node} reads an entry of {node.body}, which is one number for each example",
            node.span,
            "leave the index out, or put it on the vector that the number is made of",
        )
    return context.arena.make(ir.Along, value, scope.indices[plain(index) or ""], origin=node)


def dimension(evaluate: Evaluator, vector: tree.Node, scope: Scope) -> ir.Node:
    """How many entries a vector has, whatever example it is of."""
    for each in vector.walk():
        if isinstance(each, tree.Symbol):
            for at in read_name(each, evaluate.context.model.indices).index:
                if (name := plain(at)) is not None and name not in scope.indices:
                    scope = scope.index(name, scope.batch)
    return evaluate.make(ir.Dimension, evaluate(vector, scope))


def entry_axis(index: str, size: int | str | None) -> Axis:
    """The axis of an index that runs over entries; ``size`` is what the sum runs to, if the text says it."""
    return Axis("index", index, size)
