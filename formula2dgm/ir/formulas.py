"""Formulas of the step alone, at a step."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import rewrite, walk

#: What is computed step by step.
_POINTWISE = ir.Const | ir.Hyper | ir.Index | ir.Add | ir.Mul | ir.Div | ir.Pow | ir.Neg | ir.Apply


def formula_at(arena: Arena, node: ir.Node) -> ir.Node:
    """A formula of the step, read at one of them, as that formula of it; any other node as it is."""
    match node:
        case ir.Picked(body, time, position, None) if position.event == "number" and _is_formula(body, time):
            number = arena.make(ir.Index, time)
            return rewrite(arena, body, lambda each: position if each is number else each)
    return node


def _is_formula(body: ir.Node, time: Axis) -> bool:
    """Is this made of the number of the step, counted from 1, and of numbers?"""
    nodes = list(walk(body))
    indices = [each for each in nodes if isinstance(each, ir.Index)]
    known = all(isinstance(each, _POINTWISE) for each in nodes)
    return known and bool(indices) and all(each.axis == time and each.lower == 1 for each in indices)
