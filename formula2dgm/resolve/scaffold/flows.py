"""Default invertible functions: a few affine couplings of vectors, their order reversed between them; planar steps."""

from __future__ import annotations

from formula2dgm.completion.flows.planar_layers import NAME as PLANAR
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Scaffold
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.names import Name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.values.shapes import shape_of
from formula2dgm.syntax import tree


def scaffold_flow(
    context: Context, name: Name, inverted: bool, args: tuple[ir.Node, ...], call: tree.Node
) -> ir.NetCall:
    """A call of a function that nobody bound and that is inverted, or whose log-determinant is taken."""
    key = attribute(name.full)
    inputs = tuple((f"input_{position}", _size(context, name, each, call)) for position, each in enumerate(args))
    shapes = tuple((shape, None) if isinstance(shape, str) else (label, shape) for label, shape in inputs)
    planar = name.letter == PLANAR
    scaffold = Scaffold(shapes, ((name.full, "real", None),), flow="planar" if planar else "couplings")
    group = name.group[0] if name.group else None
    context.default_network(Network(key, name.full, tuple(label for label, _ in inputs), False, group, scaffold), call)
    couplings = "four affine couplings of a vector, its order reversed between them"
    made_of = "z + u tanh(w^T z + b), w^T u above -1" if planar else couplings
    context.assume(f"{name.full} is invertible: {made_of}")
    made = context.call(key, args, origin=call)
    method: ir.Method = "inverse" if inverted else "forward"
    return context.arena.make(ir.NetCall, key, args, made.frozen, made.copy, method, origin=call)


def _size(context: Context, name: Name, node: ir.Node, call: tree.Node) -> tuple[int, ...] | str:
    shape = shape_of(context, node)
    if shape is None or (node.event == "number" and not node.axes):
        raise context.refuse(
            "F2D-0419",
            f"nothing says the size of what {name.full} is applied to",
            call.span,
            f"say it (dims={{'z': 2}}, --dim z=2), or bind a module of your own to {name.full}",
        )
    return shape
