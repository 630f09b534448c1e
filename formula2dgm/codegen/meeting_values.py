"""Which values meet entry by entry, ``z + b(x)``: their events must have equally many dimensions.

A tensor of one number an example beside a vector would be broadcast along the entries, silently where the batch has as
many examples as the vector has entries. The formula does not say what a network returns, so the first batch does.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.codegen.scope import Scope
from formula2dgm.ir import nodes as ir

_ELEMENTWISE = (ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply, ir.StopGrad, ir.Permuted, ir.Coupled)


def meetings(scope: Scope, node: ir.Node) -> Iterator[tuple[ir.Node, ir.Node]]:
    """The pairs of values whose entries an operation combines, where the formula leaves the shape of one open."""
    if not _combines_entries(scope, node):
        return
    met = [found for each in node.children if each.event != "number" and (found := _value(scope, each)) is not None]
    for other in met[1:]:
        if other is not met[0] and (_is_open(other) or _is_open(met[0])):
            yield met[0], other


def _combines_entries(scope: Scope, node: ir.Node) -> bool:
    """Is this an operation on the entries of vectors, or the sum of one?"""
    if isinstance(node, ir.Dot):
        return True
    has_entries = node.event == "value" or (node.event == "open" and "value" in scope.demands.get(node, ()))
    return isinstance(node, _ELEMENTWISE) and has_entries


def _value(scope: Scope, node: ir.Node) -> ir.Node | None:
    """What has the event of this expression: a variable that is computed by now."""
    if isinstance(node, ir.Data) and node.name in scope.arguments:
        return node
    if node in scope.bound or isinstance(node, ir.Param):
        return node if node.axes else None
    if not isinstance(node, _ELEMENTWISE):
        return None
    inside = (_value(scope, each) for each in node.children if each.event != "number")
    return next((each for each in inside if each is not None), None)


def _is_open(node: ir.Node) -> bool:
    """Is the event's shape the network's or the data's to say?"""
    return isinstance(node, ir.Data) or (isinstance(node, ir.Head) and node.family is None)
