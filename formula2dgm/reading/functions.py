"""How far a function without brackets reaches.

A ``log`` covers what :mod:`log_reach` says, a derivative one factor, every other function all of them.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.reading.log_reach import ANYWHERE, Extent, Place, is_density_like, is_log, log_extent, without_measure
from formula2dgm.reading.notes import Notes
from formula2dgm.reading.rewrite import flatten, listed, map_children
from formula2dgm.syntax import tree
from formula2dgm.syntax.parts import OF_ONE_FACTOR

_DERIVATIVES = OF_ONE_FACTOR | {"jac"}


def close_functions(node: tree.Node, notes: Notes, place: Place = ANYWHERE) -> tree.Node:
    """The tree with every function's operand cut to what the function covers."""
    inside = _place_inside(node, place)
    node = map_children(node, lambda each: close_functions(each, notes, inside))
    if isinstance(node, tree.Mul):
        return flatten(node)
    return cut(node, notes, place) if isinstance(node, tree.Prefix) else node


def _place_inside(node: tree.Node, place: Place) -> Place:
    """Where the children of a node stand."""
    match node:
        case tree.Prefix(name=name) if name in _DERIVATIVES:
            return replace(place, derived=True)
        case tree.Mul() | tree.Neg():
            return place
        case tree.Integral() | tree.Big():
            return Place(measured=without_measure(node))
    return ANYWHERE


def cut(node: tree.Prefix, notes: Notes | None = None, place: Place = ANYWHERE) -> tree.Node:
    """A function on what it covers, times what it does not."""
    inside, outside, divisor = _extent(node, place)
    several = isinstance(inside, tree.Mul) and is_density_like(inside.factors[0])
    left = outside if divisor is None or not is_log(divisor) else (*outside, divisor)
    if notes is not None and (left or several):
        ends = f", not {listed(left)}" if left else ""
        notes.add(f"{node.name} covers {inside}{ends}", node.span)
    made: tree.Node = tree.Prefix(node.name, inside, node.sub, node.total, span=node.span)
    if node.name in OF_ONE_FACTOR and isinstance(inside, tree.Div) and not _is_derivative(node):
        made = tree.Func(node.name, (inside,), node.sub, node.total, span=node.span)
    if divisor is not None:
        made = tree.Div(made, divisor, span=node.span)
    if outside:
        made = flatten(tree.Mul((made, *outside), ("",) * len(outside), span=node.span))
    return made


def _extent(node: tree.Prefix, place: Place) -> Extent:
    if node.name == "log":
        return log_extent(node.operand, place)
    if node.name in OF_ONE_FACTOR and isinstance(node.operand, tree.Mul):
        return node.operand.factors[0], node.operand.factors[1:], None
    if node.name in OF_ONE_FACTOR and not _is_derivative(node):
        return _above_slash(node, place)
    return node.operand, (), None


def _above_slash(node: tree.Prefix, place: Place) -> Extent:
    r"""What a derivative covers of ``f / g``: f. A fraction, ``\frac{f}{g}``, is in brackets already."""
    match node.operand:
        case tree.Div(numerator=above, denominator=below):
            inside, outside, _ = _extent(replace(node, operand=above), place)
            return inside, outside, below
        case tree.Neg(body=tree.Div(numerator=above, denominator=below)) as negative:
            return replace(negative, body=above), (), below
    return node.operand, (), None


def _is_derivative(node: tree.Prefix) -> bool:
    r"""Is this ``\partial f / \partial x``, which is one derivative?"""
    below = node.operand.denominator if isinstance(node.operand, tree.Div) else None
    return node.name == "partial" and not node.sub and isinstance(below, tree.Prefix) and below.name == "partial"
