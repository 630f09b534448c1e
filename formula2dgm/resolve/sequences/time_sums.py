r"""Sums over the steps of a sequence: ``\sum_{t=1}^T``, ``\sum_{t=2}^{T-1}``, ``\sum_{t>1}``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.names import plain
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.operators.pairs import conditions, unbound
from formula2dgm.resolve.sequences.places import End, Offset, Place, Step, moved
from formula2dgm.resolve.sequences.timeline import Timeline
from formula2dgm.resolve.statements.hyperparameters import enter_size
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.operators.operators import Opened


def open_time(context: Context, node: tree.Big, name: str, opened: Opened) -> None:
    """Bind an index that runs over steps, all of them or a window of them."""
    time = context.time
    assert time is not None
    if node.op != "sum":
        raise refused_product(context, node)
    axis = time.axis
    while axis in opened.scope.indices.values():
        axis = Axis("time", axis.name + "'" if axis.name == name else name, axis.size, time.axis)
    enter_size(context, axis, node)
    opened.scope = opened.scope.index(name, axis)
    opened.reduces.insert(0, ("sum", axis))
    lower, upper = _bounds(context, time, node, name)
    for place, op in ((lower, "less_equal"), (upper, "greater_equal")):
        if isinstance(place, Offset):
            opened.factors.append(_compared(context, time, node, opened.scope, place, op, name))
    fixed = [None if isinstance(each, Offset) else each for each in (lower, upper)]
    opened.window = _window(context, time, node, *fixed)


def refused_product(context: Context, node: tree.Big) -> Refused:
    """The error for a product of which the logarithm alone can be computed."""
    return context.refuse(
        "F2D-0412", "a product over time is understood only under a log", node.span, "write \\log \\prod_t"
    )


def _compared(
    context: Context, time: Timeline, node: tree.Big, scope: Scope, place: Offset, op: str, name: str
) -> ir.Node:
    """1 where an index lies on its side of another, ``s \\ge t + 1``, else 0."""
    if place.index not in scope.indices:
        raise unbound(context, place.index, node.span)
    make = context.arena.make
    other: ir.Node = make(ir.Index, scope.indices[place.index], time.start)
    if place.by:
        other = make(ir.Add, (other, context.const(place.by)))
    return make(ir.Apply, op, (other, make(ir.Index, scope.indices[name], time.start)))


def _window(
    context: Context, time: Timeline, node: tree.Big, lower: Place | None, upper: Place | None
) -> tuple[int, int]:
    """The first step of the sum, counted from 1, and how many steps it leaves out at the end."""
    first, last = _first(time, lower), _last(time, upper)
    if first is None or last is None or first < 1 or last < 0:
        raise _refused(context, node)
    return first, last


def _first(time: Timeline, lower: Place | None) -> int | None:
    match lower:
        case None:
            return 1
        case Step(number):
            return number - time.start + 1
    return None


def _last(time: Timeline, upper: Place | None) -> int | None:
    match upper:
        case None:
            return 0
        case End(back):
            return back - time.final
        case Step(number) if isinstance(time.axis.size, int):
            return time.axis.size - (number - time.start + 1)
    return None


def _bounds(context: Context, time: Timeline, node: tree.Big, name: str) -> tuple[Place | None, Place | None]:
    lower: Place | None = None
    upper = _place(context, time, node, node.upper) if node.upper is not None else None
    for item in node.binders:
        match item:
            case _ if conditions(replace(node, binders=(item,))):
                pass  # s < t: a factor of the body
            case tree.Binds(tree.Symbol() as target, tree.Range(low, high)) if plain(target) == name:
                lower, upper = _place(context, time, node, low), _place(context, time, node, high)
            case tree.Binds(tree.Symbol() as target, value) if plain(target) == name:
                lower = _place(context, time, node, value)
            case tree.Relates(tree.Symbol() as target, op, right) if plain(target) == name:
                place = _place(context, time, node, right)
                if op in (">", ">=", "ge", "geq"):
                    lower = moved(place, op == ">")
                elif op in ("<", "<=", "le", "leq"):
                    upper = moved(place, -(op == "<"))
                else:
                    raise _refused(context, node)
            case tree.Symbol():
                pass
            case _:
                raise _refused(context, node)
    return lower, upper


def _place(context: Context, time: Timeline, node: tree.Big, bound: tree.Node) -> Place:
    found = time.place(bound)
    if found is None and bound is node.upper and isinstance(bound, tree.Symbol):
        return End(0)
    if not isinstance(found, Step | End | Offset):
        raise _refused(context, node)
    return found


def _refused(context: Context, node: tree.Big) -> Refused:
    ranges = ", ".join(str(each) for each in node.binders)
    return context.refuse(
        "F2D-0416",
        f"the steps of this sum, {ranges}, are not understood",
        node.span,
        "write the first and the last step: \\sum_{t=2}^{T-1}",
    )
