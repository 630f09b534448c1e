"""Values read at positions of an axis: rows that are chosen, and an axis under another name."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.codegen.python import ATOM, Code, method
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir

Expression = Callable[[Scope, ir.Node, Demand], Code]


def read_at(scope: Scope, node: ir.At, demand: Demand, expression: Expression) -> Code:
    """A value read at every position of another axis: the same numbers, under that axis's name."""
    if isinstance(node.index, ir.Draw | ir.ArgMin | ir.Nearest):
        assert node.value.axes == (node.axis,), "what is chosen from runs along the axis alone"
        return Code(
            f"{expression(scope, node.value, demand).within(ATOM)}[{expression(scope, node.index, 'number').text}]"
        )
    if node.index.event == "value":
        assert node.value.axes == (node.axis,), "a table has the rows that are chosen from"
        chosen = expression(scope, node.index, "value").within(ATOM)
        return Code(f"{expression(scope, node.value, demand).within(ATOM)}[{chosen}.long()]")
    assert isinstance(node.index, ir.Index) and node.index.axis not in node.value.axes, (
        "the resolver reads no other way"
    )
    code = expression(scope, node.value, demand)
    now = [node.index.axis if axis == node.axis else axis for axis in node.value.axes]
    here, there = now.index(node.index.axis), node.axes.index(node.index.axis)
    return code if here == there else method(code, "movedim", str(here), str(there))
