"""The steps that a sum over time runs over."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import BATCH, Axis
from formula2dgm.ir.program import Input
from formula2dgm.resolve.context import Context

#: The data variable that holds the lengths of sequences.
LENGTHS = "lengths"


def in_window(context: Context, body: ir.Node, axis: Axis, window: tuple[int, int]) -> ir.Node:
    """The body at the steps of a sum, and 0 at every other."""
    own = lengths(context, axis) if axis.kind == "time" else None
    if axis.kind != "time" or (window == (1, 0) and own is None):
        return body
    return context.arena.make(ir.Window, body, axis, *window, own)


def lengths(context: Context, axis: Axis) -> ir.Node | None:
    """The lengths of the examples' sequences, where they have lengths of their own."""
    if not context.options.ragged or axis.size is not None:
        return None
    if LENGTHS not in context.inputs:
        context.inputs[LENGTHS] = Input(LENGTHS, LENGTHS, (BATCH,), (), "count", None, None)
        context.assume(f"sequences end after their {LENGTHS}: the steps behind count nowhere")
    return context.arena.make(ir.Lengths, axis, BATCH)
