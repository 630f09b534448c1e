r"""Default matrices between vectors: W of ``u^\top W v`` that nothing gives is learned, and starts at the identity."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Parameter
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.values.shapes import shape_of
from formula2dgm.syntax import tree

#: The letter of weights; other capitals between vectors may be data or what prose defines.
_WEIGHTS = "W"


def is_default_map(context: Context, factor: tree.Node) -> bool:
    """Is this a matrix of weights that nothing but a default says: no binding, definition, statement or data?"""
    if not context.options.scaffold or not isinstance(factor, tree.Symbol) or factor.letter != _WEIGHTS:
        return False
    name, model = read_name(factor, context.model.indices, head=True), context.model
    if name.index or name.full in model.definitions or context.named.find(name) is not None:
        return False
    return not {name.id, name.full} & (model.variables | model.drawn.keys() | model.spaces.keys())


def default_map(context: Context, symbol: tree.Node, sides: Sequence[tuple[tree.Node, ir.Node]]) -> ir.Node:
    """The learned matrix between two vectors, a row for each entry of the first and a column for each of the second."""
    assert isinstance(symbol, tree.Symbol)
    sizes = tuple(_size(context, symbol, written, value) for written, value in sides)
    owned = attribute(read_name(symbol, context.model.indices, head=True).full, "tensor")
    made = Parameter(owned, str(symbol), True, sizes, fill=1.0, identity=True)
    if context.parameters.setdefault(owned, made).shape != sizes:
        raise context.refuse(
            "F2D-0590",
            f"{symbol} stands between vectors of {' and '.join(map(str, sizes))} entries, and elsewhere between others",
            symbol.span,
            f"give each matrix a name of its own, {_WEIGHTS}_1 and {_WEIGHTS}_2, or bind a tensor to {symbol}",
        )
    context.assume(f"{symbol} is learned, {sizes[0]} x {sizes[1]}: it starts at the identity", symbol.span)
    return context.arena.make(ir.Param, owned, True, origin=symbol)


def _size(context: Context, symbol: tree.Node, written: tree.Node, value: ir.Node) -> int:
    """How many entries a vector beside the matrix has."""
    shape = shape_of(context, value)
    if isinstance(shape, tuple) and len(shape) == 1:
        return shape[0]
    if isinstance(shape, tuple):
        found = f"of {' x '.join(map(str, shape))} entries" if shape else "a number"
        message = f"{written} beside the matrix {symbol} is {found}, and no vector"
        raise context.refuse("F2D-0590", message, written.span, "apply a network that makes a vector of it")
    say = (
        f"dims={{{shape!r}: 16}}, --dim {shape}=16" if isinstance(shape, str) else rf"{written} \in \mathbb{{R}}^{{16}}"
    )
    message = f"nothing says how many entries {written} has, which is beside the matrix {symbol}"
    raise context.refuse("F2D-0419", message, written.span, f"say it ({say}), or bind a tensor to {symbol}")
