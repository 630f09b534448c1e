r"""The product of a density's marginals, ``\bar q(z) = \prod_j q(z_j)``: what total correlation is measured against.

It is drawn by putting each entry of a batch of draws in an order of its own (Kim and Mnih 2018, algorithm 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import read_name, without_index
from formula2dgm.reading.signature import read_signature
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.syntax import tree


def source_of_marginals(context: Context, source: tree.Node, names: Sequence[tree.Node]) -> tree.Call | None:
    r"""The density whose marginals a source multiplies: ``q(z)`` of ``\bar q(z)``, declared so or by its bar alone."""
    if isinstance(source, tree.Symbol):
        source = tree.Call(source, tuple(names), span=source.span)
    if not isinstance(source, tree.Call) or not isinstance(source.head, tree.Symbol):
        return None
    signature = read_signature(source, context.model.indices, context.model.parameters)
    for each in (each for each in context.model.densities if each.signature.head == signature.head):
        return _multiplied(context, each.body, source)
    if "bar" not in source.head.accents or context.densities.knows(signature):
        return None
    plain = replace(source.head, accents=tuple(each for each in source.head.accents if each != "bar"))
    return replace(source, head=plain)


def _multiplied(context: Context, body: tree.Node, source: tree.Call) -> tree.Call | None:
    r"""``q(z)`` of ``\prod_j q(z_j)``, at the variables of the place of use."""
    if not isinstance(body, tree.Big) or body.op != "prod" or not isinstance(body.body, tree.Call):
        return None
    inner = body.body
    one = inner.args[0] if len(inner.args) == 1 else None
    if not isinstance(one, tree.Symbol) or not read_name(one, context.model.indices).index:
        return None
    if (without_index(one, context.model.indices),) != tuple(source.args):
        return None
    if (inner.head, inner.given) == (source.head, source.given):
        return None  # ``q(z) = \prod_j q(z_j)``: entries that are independent, and no other density's
    return replace(source, head=inner.head, given=inner.given)


def marginal_draw(context: Context, name: str, drawn: ir.Node, scope: Scope, source: tree.Node) -> ir.Node:
    """A draw with each of its entries permuted over the batch."""
    if scope.batch not in drawn.axes or drawn.event != "value":
        raise context.refuse(
            "F2D-0508",
            f"{source} is drawn by permuting the entries of {name} over the batch: {name} is no vector with a batch",
            source.span,
            "draw a vector for each example: z ~ q(z|x)",
        )
    context.assume(f"{source} is drawn by permuting each entry of {name} over the batch", source.span)
    site = f"{name}_bar"
    return context.arena.make(ir.Permuted, drawn, site, scope.batch, True)
