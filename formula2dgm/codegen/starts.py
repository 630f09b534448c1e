"""What a recurrence starts from: the value that is carried into its first step."""

from __future__ import annotations

from formula2dgm.codegen.alignment import Axes, spread
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.laws import facts
from formula2dgm.codegen.python import ATOM, Code, call, method
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.shapes import partner_shape
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis


def start(scope: Scope, carried: ir.Draw | ir.State, node: ir.Node, time: Axis, like: Code | None) -> Code:
    """The value before the first step, with every axis of one step; ``like`` is a tensor of its shape."""
    node = node.otherwise if isinstance(node, ir.Start) else node
    axes = tuple(axis for axis in carried.axes if axis != time)
    if not is_python_number(node):
        return at_every_position(scope, node, axes, like)
    number = expression(scope, node).text
    zero = float(number) == 0 if isinstance(node, ir.Const) else False
    if like is not None:
        return call("torch.zeros_like", like) if zero else call("torch.full_like", like, number)
    shape = event_shape(scope, carried)
    if shape is None:
        return _like_partner(scope, carried, time, axes, None if zero else number)
    tensor = f"{scope.use('tensor_of')}(self)"
    whole = scope.shape(axes, ", ".join(map(str, shape))) if shape else scope.shape(axes)
    kind = ["dtype=torch.long"] if _is_counted(carried) else []
    return call(f"{tensor}.new_zeros", whole, *kind) if zero else call(f"{tensor}.new_full", whole, number)


def _is_counted(carried: ir.Draw | ir.State) -> bool:
    """Is it drawn as the number of a category?"""
    if not isinstance(carried, ir.Draw):
        return False
    return facts(carried.law).support == "category" and ("one_hot", True) not in carried.law.options


def given_start(scope: Scope, node: ir.Node) -> str:
    """The key under which the caller may give what is carried into the first step; empty where it may not."""
    return f'"{node.name}"' if isinstance(node, ir.Start) and scope.started else ""


def at_every_position(scope: Scope, node: ir.Node, axes: Axes, like: Code | None = None) -> Code:
    """A value repeated along the axes that it lacks."""
    code = expression(scope, node, "value")
    if node.axes == axes:
        return code
    if like is not None:
        return method(spread(code, node.axes, axes), "expand_as", like)
    if not node.axes:
        return method(code, "expand", *(scope.size(axis) for axis in axes), f"*{code.within(ATOM)}.shape")
    wide = spread(code, node.axes, axes, full=True)
    kept = ["-1" if axis in node.axes else scope.size(axis) for axis in axes]
    return method(wide, "expand", *kept, f"*{code.within(ATOM)}.shape[{len(node.axes)}:]")


def _like_partner(scope: Scope, carried: ir.Draw | ir.State, time: Axis, axes: Axes, number: str | None) -> Code:
    """A start of the shape of a value that the carried one is added to or compared with."""
    shape = partner_shape(scope, carried, axes)
    tensor = f"{scope.use('tensor_of')}(self)"
    return call(f"{tensor}.new_zeros", shape) if number is None else call(f"{tensor}.new_full", shape, number)


def event_shape(scope: Scope, node: ir.Node) -> tuple[int, ...] | None:
    """The event shape of a value, where the program says it."""
    program = scope.program
    match node:
        case ir.State(body, _, _, shape):
            return shape if shape is not None else event_shape(scope, body)
        case ir.Draw(law):
            return () if law.scalar else law.shape
        case ir.Data(name):
            return next((each.shape for each in program.inputs if each.name == name), None)
        case ir.Param(name, own=own):
            known = next((each.shape for each in program.tensors if each.name == name), None)
            return known if known is None else known[len(own) :]
        case ir.Head(call_, _, name, output):
            scaffold = scope.network(call_.network).scaffold
            heads = scaffold.heads if scaffold is not None else ()
            named = [shape for head, _, shape in heads if len(heads) == 1 or head == name]
            return named[0] if len(named) == 1 and output is None else None
        case ir.MatMul(matrix, _, turned):
            known = event_shape(scope, matrix)
            return (known[-1 if turned else -2],) if known is not None and len(known) == 2 else None
        case ir.FirstStep(first, rest):
            return event_shape(scope, rest) or event_shape(scope, first)
        case (
            ir.StopGrad(body) | ir.Neg(body) | ir.Shifted(body) | ir.AtStep(body) | ir.Picked(body) | ir.Carrying(body)
        ):
            return event_shape(scope, body)
        case ir.Add(args) | ir.Mul(args) | ir.Apply(_, args) | ir.Choice(_, args):
            return _common_shape(scope, args)
        case ir.Div(left, right) | ir.Pow(left, right):
            return _common_shape(scope, (left, right))
    return () if node.event == "number" else None


def _common_shape(scope: Scope, args: tuple[ir.Node, ...]) -> tuple[int, ...] | None:
    """The event shape of what is computed entry by entry; what is made of the step before alone has the same."""
    others = [each for each in args if not _is_of_the_step_before(each)]
    if all(each.event == "number" for each in others):
        return () if any(each.axes for each in others) else None
    shapes = [event_shape(scope, each) for each in others if each.event != "number"]
    return next((each for each in shapes if each is not None), None)


def _is_of_the_step_before(node: ir.Node) -> bool:
    if isinstance(node, ir.Add | ir.Mul | ir.Div | ir.Neg | ir.StopGrad | ir.Apply):
        parts = [each for each in node.children if not is_python_number(each)]
        return bool(parts) and all(map(_is_of_the_step_before, parts))
    return isinstance(node, ir.Previous)
