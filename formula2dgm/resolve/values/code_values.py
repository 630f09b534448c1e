"""The value of a chosen row, from a bound codebook or a default one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm.completion.densities.codes import Code
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Parameter
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import Name, read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.operators.sums import size_of
from formula2dgm.resolve.scaffold.sizes import event_shape
from formula2dgm.resolve.values.indexed import indexed_rows, rows
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator

#: How many rows a default codebook has, where nothing says it.
ROWS = 8


def code(evaluate: Evaluator, node: Code, scope: Scope) -> ir.Node:
    """The chosen row; with its gradient copied, ``z + sg[e - z]``."""
    context, make = evaluate.context, evaluate.make
    name = read_name(node.row, context.model.indices, head=True)
    ((index, upper),) = binder_names(node.choice)
    size = indexed_rows(context, node.choice.body, index)
    if size is None and not context.options.scaffold:
        raise context.refuse(
            "F2D-0203",
            f"{name.full}, the codebook of {node}, is bound to nothing",
            node.span,
            f"bind it to a tensor with one row for each code: {{{name.full!r}: nn.Parameter(torch.randn(512, 64))}}",
        )
    number = _default_size(context, name, upper, node) if size is None else rows(context, node.choice, upper, size)
    axis = Axis("index", index, number)
    inner = scope.under(node, False).index(index, axis)
    if size is None:
        table = _default(context, name, node, axis)
        inner = inner.bind({name.id: table})
    else:
        table = evaluate(node.row, inner)
    compared = evaluate(node.choice.body, inner)
    if node.choice.op == "argmax":
        compared = make(ir.Neg, compared)
    row = make(ir.At, table, axis, _position(context, compared, table, axis, node.choice))
    if node.straight is None:
        return row
    for each in context.estimators.entries:
        each.used |= str(each.key.head if isinstance(each.key, tree.Call) else each.key) == str(node)
    target = evaluate(node.straight, scope.under(node))
    return make(ir.Add, (target, make(ir.StopGrad, make(ir.Add, (row, make(ir.Neg, target))))))


def _position(context: Context, compared: ir.Node, table: ir.Node, axis: Axis, place: tree.Node) -> ir.Node:
    """Where the number is the smallest: of a distance to the rows, for each position of what is compared with them."""
    match compared:
        case (
            ir.Norm(ir.Add((value, ir.Neg(rows))), order)
            | ir.Norm(ir.Add((rows, ir.Neg(value))), order)
            | ir.Pow(ir.Norm(ir.Add((value, ir.Neg(rows))), order), ir.Const())
            | ir.Pow(ir.Norm(ir.Add((rows, ir.Neg(value))), order), ir.Const())
        ):
            if value is table:
                value, rows = rows, value
            if rows is table and axis not in value.axes:
                return context.arena.make(ir.Nearest, value, rows, axis, order, origin=place)
    return context.arena.make(ir.ArgMin, compared, axis, origin=place)


def _default_size(context: Context, name: Name, upper: tree.Node | None, node: Code) -> int | str:
    if upper is not None:
        return size_of(context, upper, node)
    if name.id in context.codebook_rows:
        return context.codebook_rows[name.id]
    context.assume(f"{node} is one of {ROWS} codes", node.span)
    return ROWS


def _default(context: Context, name: Name, node: Code, axis: Axis) -> ir.Node:
    """A learned codebook whose rows start at standard normal draws."""
    size = context.hyperparameters[axis.size].default if isinstance(axis.size, str) else axis.size
    count, shape = int(size or ROWS), event_shape(context, name)
    owned = attribute(name.full, "tensor")
    known = (count, *shape) if shape is not None else None
    made = Parameter(owned, name.full, True, known, None, normal=True, rows=count)
    context.parameters.setdefault(owned, made)
    context.assume(f"{name.full} is a learned codebook of {count} rows, at first standard normal draws", node.span)
    return context.arena.make(ir.Param, owned, True, False, (axis,))


def codebooks(context: Context) -> frozenset[str]:
    """The codebooks that nothing is bound to: their rows have the shape of what they are compared with."""
    roots = [*context.model.expressions(), *(each.body for each in context.model.densities)]
    codes = (each for root in roots for each in root.walk() if isinstance(each, Code))
    names = {read_name(each.row, context.model.indices, head=True) for each in codes}
    return frozenset(each.id for each in names if context.named.find(each) is None)


def count_rows(context: Context, names: frozenset[str]) -> None:
    """Take the space of a whole codebook, ``e \\in \\mathbb{R}^{64 \\times 16}``, as 64 rows, each of them in R^16."""
    for name in names - context.model.elements.keys():
        space = context.model.spaces.get(name)
        if space is not None and space.shape is not None and len(space.shape) == 2:
            context.codebook_rows[name] = space.shape[0]
            context.model.spaces[name] = replace(space, shape=space.shape[1:])
