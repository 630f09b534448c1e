"""Event shapes of values, as far as spaces, options and default networks say them; and shapes that do not fit."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Input, Objective
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context
from formula2dgm.spans import Span

Shape = tuple[int, ...]

#: Nodes whose value has the event shape that all their arguments share.
ELEMENTWISE = (ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply)


def shape_of(context: Context, node: ir.Node) -> Shape | str | None:
    """A node's event shape; the name of the data variable that has the same; or None where nothing says it."""
    match node:
        case ir.Data(name) if name not in context.inputs:
            return () if node.number else None  # what an integral runs over
        case ir.Data(name) if len(node.own) < len(context.inputs[name].axes):
            return _with_plates(context, context.inputs[name], len(node.own))
        case ir.Data(name):
            return context.inputs[name].shape if context.inputs[name].shape is not None else name
        case ir.Param(name, own=own):
            shape = context.parameter(name).shape
            return shape[len(own) :] if shape is not None else None
        case ir.Draw(law) | ir.Enumerated(law):
            unsized = law.shape is None and all(isinstance(each, ir.Const) for each in law.children)
            return () if law.scalar or unsized else law.shape  # noise takes the size of what it is added to
        case ir.Coupled(value, to):
            known = shape_of(context, value)
            return known if known else shape_of(context, to)
        case ir.Permuted(value) | ir.At(value) | ir.StopGrad(value) | ir.Reduce(_, _, value) | ir.Grad(_, value):
            return shape_of(context, value)
        case ir.Head(call) if call.method != "plain":
            return () if node.output == ir.LOG_DET else shape_of(context, call.args[0])
        case ir.EventFunction("entries_before", (value,)):
            return shape_of(context, value)
        case ir.PathPoint(_, start, False):
            return shape_of(context, start)
        case ir.Solution(state=state):
            return shape_of(context, state)
        case ir.State(body, _, _, shape):
            return shape if shape is not None else shape_of(context, body)
        case ir.FirstStep(first, rest):
            known = shape_of(context, rest)
            return known if known is not None else shape_of(context, first)
        case ir.Sequence(body) | ir.Prefix(body):
            return shape_of(context, body)  # of one step
        case ir.Steps(body) | ir.Shifted(body) | ir.AtStep(body) | ir.Picked(body) | ir.Carrying(body):
            return shape_of(context, body)
        case ir.Head(call, _, _, output) if output is not None and call.method == "plain":
            made = context.network(call.network).scaffold
            return made.heads[output][2] if made is not None else None
        case ir.Head(call, _, name):
            made = context.network(call.network).scaffold
            shape = next((shape for head, _, shape in made.heads if head == name), None) if made else None
            return made.like if made and shape is None else shape
        case ir.Apply("matrix_product", (left, right)):
            rows, columns = shape_of(context, left), shape_of(context, right)
            return (rows[0], columns[1]) if isinstance(rows, tuple) and isinstance(columns, tuple) else None
        case ir.MatMul(matrix, _, turned):
            stored = shape_of(context, matrix)
            return (stored[1 if turned else 0],) if isinstance(stored, tuple) else None
        case _ if node.event == "number":
            return ()
        case _ if isinstance(node, ELEMENTWISE):
            found = {shape_of(context, each) for each in node.children} - {()}
            return found.pop() if len(found) == 1 else None if found else ()
    return None


def _with_plates(context: Context, variable: Input, read: int) -> Shape | None:
    """The event shape of a variable that is read whole: its plates, as far as their sizes are known, then its own."""
    sizes: list[int] = []
    for axis in variable.axes[read:]:
        hyper = context.hyperparameters.get(axis.size) if isinstance(axis.size, str) else None
        size = hyper.default if hyper is not None else axis.size
        if not isinstance(size, int) or variable.shape is None:
            return None
        sizes.append(size)
    return (*sizes, *(variable.shape or ()))


def refuse_unequal_shapes(context: Context, objectives: Sequence[Objective]) -> None:
    """``x + z`` for x of 64 and z of 16 dimensions: an error here, not deep inside the first batch."""
    terms = [term.node for each in objectives for term in each.terms]
    for node in walk(*terms):
        known = [(shape, part) for shape, part in _together(context, node) if isinstance(shape, tuple)]
        misfit = next((each for each in known if not _fit(known[0][0], each[0])), None)
        if misfit is not None:
            places = [each for at in (node, misfit[1]) for each in context.arena.origins(at)]
            call = next(
                (each.call for _, each in known if isinstance(each, ir.Head) and each.call.method != "plain"), None
            )
            if call is not None:
                _refuse_not_square(context, call, known[0][0], misfit[0], places[0].span if places else None)
                continue
            context.found.error(
                "F2D-0418",
                f"values of {_dimensions(known[0][0])} and of {_dimensions(misfit[0])} stand together",
                places[0].span if places else objectives[0].span,
                "give them one size, or apply a network to one of them",
            )


def _refuse_not_square(context: Context, call: ir.NetCall, one: Shape, other: Shape, span: Span | None) -> None:
    """The value of a function whose determinant is taken has as many dimensions as its argument."""
    taken = shape_of(context, call.args[0])
    given = next((each for each in (one, other) if each != taken), other)
    size = _dimensions(taken) if isinstance(taken, tuple) else "others"
    context.found.error(
        "F2D-0234",
        f"the Jacobian of {context.network(call.network).label} is not square: from {size} to {_dimensions(given)}",
        span,
        "a determinant needs as many outputs as inputs: give both one size",
    )


def _together(context: Context, node: ir.Node) -> list[tuple[Shape | str | None, ir.Node]]:
    """The parts of a node whose event shapes have to fit."""
    if isinstance(node, ir.Apply) and node.function == "matrix_product":
        return []
    if isinstance(node, ELEMENTWISE):
        return [(shape_of(context, each), each) for each in node.children]
    law = node.law if isinstance(node, ir.LogProb) else node
    if not isinstance(law, ir.Law) or law.scalar or not registry.family(law.family).elementwise:
        return []
    others = (node.value,) if isinstance(node, ir.LogProb) else law.children
    return [(law.shape, node), *((shape_of(context, each), each) for each in others)]


def _fit(one: Shape, other: Shape) -> bool:
    """Can the two be broadcast?"""
    return all(a == b or 1 in (a, b) for a, b in zip(reversed(one), reversed(other), strict=False))


def _dimensions(shape: Shape) -> str:
    return f"{' x '.join(map(str, shape))} dimensions"
