"""Which parts of an expression are variables or expressions of their own."""

from __future__ import annotations

from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.scores import computed_from
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk


def is_view(node: ir.Node) -> bool:
    """Is this a network's result, or a parameter, read along another axis: the same numbers under its name?"""
    return isinstance(node, ir.At) and isinstance(node.index, ir.Index) and isinstance(node.value, ir.Head | ir.Param)


def is_long(node: ir.Node) -> bool:
    """Are the logits of a component more than the logarithms of its weights?"""
    return isinstance(node, ir.Entries) or any(isinstance(each, ir.Reduce) for each in walk(node))


def composites(node: ir.Node, scope: Scope) -> list[ir.Node]:
    """The nearest parts of a node that are expressions of their own."""
    found: list[ir.Node] = []
    for child in computed_from(node):
        bare = child.body if isinstance(child, ir.Neg) else child
        if bare in scope.bound or isinstance(bare, ir.Law) or not any(True for _ in bare.children):
            continue
        if isinstance(bare, ir.Head | ir.Draw | ir.NetCall) or is_view(bare):
            continue
        found.append(bare)
    return found
