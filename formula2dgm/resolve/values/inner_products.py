"""The dot between vectors: ``u \\cdot v`` and ``\\langle u, v \\rangle`` are inner products where a number is wanted.

``\\mu + \\sigma \\cdot \\epsilon`` multiplies entry by entry, because a vector is added to it; the same dot in
``\\exp(u \\cdot v / \\tau)`` of an objective, where nothing else would make a number of it, is the inner product.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import values_of
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def with_inner_products(context: Context, node: ir.Node) -> ir.Node:
    """A node that has to be a number, with the dots of vectors that are left in it as inner products."""
    return node if node.event == "number" else _Numbers(context)(node)


def without_constants(product: tree.Mul, kept: Sequence[tree.Node]) -> tree.Mul:
    """The product of some of its factors, with what stands before each of them but the first."""
    places = [place for place, each in enumerate(product.factors) if any(each is one for one in kept)]
    factors = tuple(product.factors[place] for place in places)
    return tree.Mul(factors, tuple(product.ops[place - 1] for place in places[1:]), span=product.span)


class _Numbers:
    """Walks down from what has to be a number, as far as nothing on the way makes one."""

    def __init__(self, context: Context):
        self.context = context
        self.done: dict[ir.Node, ir.Node] = {}

    def __call__(self, node: ir.Node) -> ir.Node:
        if node.event == "number" or not isinstance(
            node, ir.Add | ir.Mul | ir.Div | ir.Neg | ir.Pow | ir.Apply | ir.Reduce | ir.StopGrad
        ):
            return node
        if node not in self.done:
            self.done[node] = self._changed(node)
        return self.done[node]

    def _changed(self, node: ir.Node) -> ir.Node:
        arena = self.context.arena
        if isinstance(node, ir.Mul) and (product := self._dotted(node)) is not None:
            return arena.inherit(product, node)
        old = values_of(node)
        new = tuple(self._part(each) for each in old)
        if all(a is b for a, b in zip(new, old, strict=True)):
            return node
        return arena.inherit(arena.make(type(node), *new), node)

    def _part(self, value: object) -> object:
        if isinstance(value, ir.Node):
            return self(value)
        if isinstance(value, tuple):
            parts = tuple(self._part(each) for each in value)
            return value if all(a is b for a, b in zip(parts, value, strict=True)) else parts
        return value

    def _dotted(self, node: ir.Mul) -> ir.Node | None:
        """The product with its two vectors, a dot between them, as their inner product."""
        context = self.context
        written = next(
            (each for each in context.arena.origins(node) if isinstance(each, tree.Mul) and "dot" in each.ops), None
        )
        vectors = [each for each in node.args if each.event != "number"]
        if written is None or len(vectors) != 2 or len(written.factors) != len(node.args):
            return None
        first, second = (node.args.index(each) for each in vectors) if vectors[0] is not vectors[1] else (0, 1)
        if "dot" not in written.ops[first:second]:
            return None
        context.assume(f"{written.factors[first]} . {written.factors[second]} is the inner product", written.span)
        product = context.arena.make(ir.Dot, *vectors)
        rest = tuple(each for each in node.args if each.event == "number")
        return context.arena.make(ir.Mul, (*rest, product)) if rest else product
