"""Entries of vectors along axes of their own, and sums of products of them, which are products of matrices."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.codegen.python import ATOM, PRODUCT, UNARY, Code, call, product, quotient
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir

Expression = Callable[[Scope, ir.Node, Demand], Code]


def of_entries(scope: Scope, node: ir.Along | ir.Dimension, expression: Expression) -> Code:
    """The entries of a vector as a dimension of their own, or their number."""
    code = expression(scope, node.value, "value")
    if isinstance(node, ir.Dimension):
        return Code(f"{code.within(ATOM)}.shape[{len(node.value.axes)}:].numel()", ATOM)
    rest = [str(len(node.value.axes)), str(node.axes.index(node.axis))]
    if node.axis.size is not None:
        rest.append(scope.size(node.axis))
    return call(scope.use("entries_along"), code, *rest)


def products_of_entries(scope: Scope, node: ir.Reduce, expression: Expression) -> Code | None:
    """``sum_b u_bi v_bj`` for all i and j: one product of matrices; None for any other sum."""
    match node:
        case ir.Reduce("sum" | "mean", axis, ir.Mul(args) as body) if body not in scope.bound:
            wide = [each for each in args if each.axes]
        case _:
            return None
    if len(wide) != 2 or any(each.event != "number" or len(each.axes) != 2 or axis not in each.axes for each in wide):
        return None
    if len(node.axes) != 2 or node.axes[0] in wide[1].axes:
        wide.reverse()
    if [each.axes for each in wide] != [(own, axis) for own in node.axes]:
        return None
    rows, columns = (expression(scope, each, "number") for each in wide)
    code = Code(f"{rows.within(UNARY)} @ {columns.within(ATOM)}.mT", PRODUCT)
    if node.op == "mean":
        code = quotient(code, Code(scope.size(axis)))
    numbers = [expression(scope, each, "number") for each in args if not each.axes]
    return product([*numbers, code]) if numbers else code
