"""Expressions that are linear in a variable, ``a x + b``: what it is multiplied by, and the rest."""

from __future__ import annotations

from collections.abc import Iterable

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.records import dataclass
from formula2dgm.resolve.distributions.ways import reads


@dataclass(frozen=True, slots=True)
class Affine:
    """``factor x + rest``, entry by entry."""

    factor: ir.Node
    rest: ir.Node


def affine_in(arena: Arena, node: ir.Node, variable: str) -> Affine | None:
    """The expression as one that is linear in a variable, which it reads as data; None for any other."""
    const = arena.make(ir.Const, 0.0)
    if not reads(node, variable):
        return Affine(const, node)
    match node:
        case ir.Data():
            return Affine(arena.make(ir.Const, 1.0), const)
        case ir.Neg(body):
            inner = affine_in(arena, body, variable)
            return inner and Affine(negative(arena, inner.factor), negative(arena, inner.rest))
        case ir.Add(args):
            parts = [affine_in(arena, each, variable) for each in args]
            known = [each for each in parts if each is not None]
            if len(known) < len(parts):
                return None
            return Affine(total(arena, *(each.factor for each in known)), total(arena, *(each.rest for each in known)))
        case ir.Mul(args):
            moving = [each for each in args if reads(each, variable)]
            inner = affine_in(arena, moving[0], variable) if len(moving) == 1 else None
            others = [each for each in args if each not in moving]
            return inner and Affine(product(arena, *others, inner.factor), product(arena, *others, inner.rest))
        case ir.Div(top, bottom) if not reads(bottom, variable):
            inner = affine_in(arena, top, variable)
            return inner and Affine(ratio(arena, inner.factor, bottom), ratio(arena, inner.rest, bottom))
    return None


def is_number(node: ir.Node, value: float) -> bool:
    """Is the node this number?"""
    return isinstance(node, ir.Const) and node.value == value


def negative(arena: Arena, node: ir.Node) -> ir.Node:
    """``-a``."""
    if isinstance(node, ir.Const):
        return arena.make(ir.Const, -node.value)
    return node.body if isinstance(node, ir.Neg) else arena.make(ir.Neg, node)


def total(arena: Arena, *nodes: ir.Node) -> ir.Node:
    """``a + b``, zeros left out, and what stands beside its negative."""
    kept: list[ir.Node] = []
    for node in nodes:
        for each in node.args if isinstance(node, ir.Add) else (node,):
            opposite = negative(arena, each)
            if opposite in kept:
                kept.remove(opposite)
            elif not is_number(each, 0):
                kept.append(each)
    if not kept:
        return arena.make(ir.Const, 0.0)
    return kept[0] if len(kept) == 1 else arena.make(ir.Add, tuple(kept))


def product(arena: Arena, *nodes: ir.Node) -> ir.Node:
    """``a b``, ones left out, at most one sign in front."""
    if any(is_number(each, 0) for each in nodes):
        return arena.make(ir.Const, 0.0)
    signs = sum(isinstance(each, ir.Neg) or is_number(each, -1) for each in nodes)
    bare = [each.body if isinstance(each, ir.Neg) else each for each in nodes if not is_number(each, -1)]
    kept = tuple(_without_roots(each for each in bare if not is_number(each, 1)))
    made: ir.Node = arena.make(ir.Const, 1.0)
    if kept:
        made = kept[0] if len(kept) == 1 else arena.make(ir.Mul, kept)
    return negative(arena, made) if signs % 2 else made


def _without_roots(nodes: Iterable[ir.Node]) -> list[ir.Node]:
    """The factors, two equal roots as what is under them."""
    kept: list[ir.Node] = []
    for each in nodes:
        if isinstance(each, ir.Apply) and each.function == "sqrt" and each in kept:
            kept[kept.index(each)] = each.args[0]
        else:
            kept.append(each)
    return kept


def ratio(arena: Arena, top: ir.Node, bottom: ir.Node) -> ir.Node:
    """``a / b``."""
    if is_number(top, 0) or is_number(bottom, 1):
        return top
    if isinstance(top, ir.Neg):
        return negative(arena, ratio(arena, top.body, bottom))
    if is_number(bottom, -1):
        return negative(arena, top)
    if isinstance(top, ir.Apply) and top.function == "sqrt" and top.args[0] is bottom:
        return arena.make(ir.Div, arena.make(ir.Const, 1.0), top)
    if isinstance(bottom, ir.Div) and is_number(bottom.top, 1):
        return product(arena, top, bottom.bottom)
    return arena.make(ir.Div, top, bottom)


def square(arena: Arena, node: ir.Node) -> ir.Node:
    """``a^2``; of a square root, what is under it."""
    match node:
        case ir.Const(value):
            return arena.make(ir.Const, value * value)
        case ir.Apply("sqrt", (body,)):
            return body
        case ir.Mul(args):
            return product(arena, *(square(arena, each) for each in args))
        case ir.Neg(body):
            return square(arena, body)
    return arena.make(ir.Pow, node, arena.make(ir.Const, 2))


def root(arena: Arena, node: ir.Node) -> ir.Node:
    """``\\sqrt{a}``; of a square of what is known to be positive, nothing is assumed."""
    return node if isinstance(node, ir.Const) and node.value in (0, 1) else arena.make(ir.Apply, "sqrt", (node,))
