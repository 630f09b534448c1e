"""Dimensions of 1 for the axes that a value lacks, and one order of those it has, so that values broadcast."""

from __future__ import annotations

from formula2dgm.codegen.python import Code, method
from formula2dgm.ir.axes import Axis

Axes = tuple[Axis, ...]


def spread(code: Code, own: Axes, axes: Axes, full: bool = False) -> Code:
    """``code``, whose leading dimensions are ``own``, with a dimension of 1 for each axis of ``axes`` it lacks, in
    the order of ``axes``."""
    order = tuple(axis for axis in axes if axis in own)
    if order != tuple(axis for axis in own if axis in axes):  # axes of one kind lie in the order first met
        code = method(code, "movedim", str(tuple(own.index(axis) for axis in order)), str(tuple(range(len(own)))))
    outer = 0 if full else next((i for i, axis in enumerate(axes) if axis in own), len(axes))
    for i, axis in enumerate(axes):
        if axis not in own and i >= outer:
            code = method(code, "unsqueeze", str(i - outer))
    return code
