"""Event shapes of values, as far as spaces, options and default networks say them; and shapes that do not fit."""

from __future__ import annotations

from collections.abc import Iterable

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context

Shape = tuple[int, ...]

#: Nodes whose value has the event shape that all their arguments share.
ELEMENTWISE = (ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply)


def shape_of(context: Context, node: ir.Node) -> Shape | str | None:
    """A node's event shape; the name of the data variable that has the same; or None where nothing says it."""
    match node:
        case ir.Data(name):
            return context.inputs[name].shape if context.inputs[name].shape is not None else name
        case ir.Param(name):
            return context.parameters[name].shape
        case ir.Draw(law) | ir.Enumerated(law):
            unsized = law.shape is None and all(isinstance(each, ir.Const) for each in law.children)
            return () if law.scalar or unsized else law.shape  # noise takes the size of what it is added to
        case ir.Permuted(value) | ir.At(value) | ir.StopGrad(value) | ir.Reduce(_, _, value) | ir.Grad(_, value):
            return shape_of(context, value)
        case ir.Head(call, _, name):
            made = context.networks[call.network].scaffold
            return next((shape for head, _, shape in made.heads if head == name), None) if made else None
        case _ if node.event == "number":
            return ()
        case _ if isinstance(node, ELEMENTWISE):
            found = {shape_of(context, each) for each in node.children} - {()}
            return found.pop() if len(found) == 1 else None if found else ()
    return None


def refuse_unequal_shapes(context: Context, objectives: Iterable[Objective]) -> None:
    """``x + z`` for x of 64 and z of 16 dimensions: an error here, not deep inside the first batch."""
    terms = [term.node for each in objectives for term in each.terms]
    for node in walk(*terms):
        parts: list[ir.Node] = list(node.children) if isinstance(node, ELEMENTWISE) else []
        shapes = [shape_of(context, each) for each in parts]
        if isinstance(node, ir.LogProb):
            parts, shapes = [node.law, node.value], [node.law.shape, shape_of(context, node.value)]
        known = {shape: part for shape, part in zip(shapes, parts, strict=True) if isinstance(shape, tuple) and shape}
        if len(known) > 1:
            (first, _), (second, part) = list(known.items())[:2]
            places = [each for at in (node, part) for each in context.arena.origins(at)]
            context.found.error(
                "F2D-0418",
                f"values of {_dimensions(first)} and of {_dimensions(second)} stand together in {places[0]}"
                if places
                else f"values of {_dimensions(first)} and of {_dimensions(second)} stand together",
                places[0].span if places else None,
                "give them one size, or apply a network to one of them",
            )


def _dimensions(shape: Shape) -> str:
    return f"{' x '.join(map(str, shape))} dimensions"
