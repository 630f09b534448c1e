r"""Draws of statements that are one for all examples: ``w \sim q(w)`` beside ``\sum_{i=1}^N \log p(y_i|x_i, w)``.

A statement does not say where its expectation stands. What is read both inside of a sum over the examples and outside
of it, ``\log q(w) - \sum_i \log p(y_i|x_i, w)``, or inside of one that stands below the sum over its own samples,
``\frac1K \sum_k \sum_i \log p(y_i|x_i, w_k)``, is drawn outside. What is read inside alone is each example's own.
"""

from __future__ import annotations

from formula2dgm.reading.data_names import DATA_SIZES
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.scopes import Names, occurs_free
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.statements.model import Drawn
from formula2dgm.syntax import tree


def is_common(context: Context, drawn: Drawn) -> bool:
    """Is the draw of a statement one for all examples?"""
    own, names = frozenset((drawn.name.id,)), Names(context.model.indices)

    def read_in(node: tree.Node) -> bool:
        """Is it read in a sum over the examples?"""
        return any(_is_sum(context, each) and occurs_free(each, own, names) for each in node.walk())

    return any(
        read_in(root)
        and (
            occurs_free(_without_sums(context, root), own, names)
            or any(_counts_samples(context, each) and read_in(each.body) for each in root.walk())  # type: ignore[attr-defined]
        )
        for root in context.model.expressions()
    )


def sums_examples(context: Context, body: tree.Node) -> bool:
    """Is a sum over the examples written inside? What is drawn outside it is common to all of them."""
    return any(_is_sum(context, each) for each in body.walk())


def runs_over_examples(context: Context, node: tree.Big, name: str, upper: tree.Node | None) -> bool:
    return (
        str(upper) in DATA_SIZES
        and (name, str(upper)) not in context.plates
        and name in context.model.indices
        and name not in context.sample_axes
        and occurs_free(node.body, frozenset((name,)), Names(context.model.indices))
    )


def _is_sum(context: Context, node: tree.Node) -> bool:
    """Is this itself a sum over the examples?"""
    return isinstance(node, tree.Big) and any(runs_over_examples(context, node, *item) for item in binder_names(node))


def _counts_samples(context: Context, node: tree.Node) -> bool:
    return isinstance(node, tree.Big) and any(name in context.sample_axes for name, _ in binder_names(node))


def _without_sums(context: Context, node: tree.Node) -> tree.Node:
    """The expression with numbers in place of its sums over the examples."""
    if _is_sum(context, node):
        return tree.Number("0", span=node.span)
    return map_children(node, lambda each: _without_sums(context, each))
