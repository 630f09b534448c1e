"""Weights divided by their sum: ``w_k / sum_j w_j`` is ``exp(log w_k - logsumexp_j[log w_j])``, which no exponential
leaves the floating-point numbers in, as ``0 / 0`` or ``inf / inf``."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena


def sums_exponentials(node: ir.Node) -> bool:
    """Is a positive node a sum or mean of products with exponentials (of densities: ``exp(log p(x|z))``)?"""
    match node:
        case ir.Reduce("sum" | "mean", _, body):
            return _is_exponential(body)
        case ir.Add(args):
            return all(map(_is_exponential, args))
        case ir.Mul(args):
            return any(map(sums_exponentials, args))
        case ir.StopGrad(body):
            return sums_exponentials(body)
    return False


def _is_exponential(node: ir.Node) -> bool:
    match node:
        case ir.Apply("exp"):
            return True
        case ir.Mul(args):
            return any(map(_is_exponential, args))
        case ir.StopGrad(body) | ir.Reduce("sum" | "mean", _, body):
            return _is_exponential(body)
    return False


def divided(arena: Arena, node: ir.Node, log_divisor: ir.Node) -> ir.Node | None:
    """``node / exp(log_divisor)`` with the division in an exponent; None where the node has no exponential."""
    match node:
        case ir.Apply("exp", (power,)):
            return arena.make(ir.Apply, "exp", (arena.make(ir.Add, (power, arena.make(ir.Neg, log_divisor))),))
        case ir.StopGrad(ir.Apply("exp", (power,))):
            held = arena.make(ir.Apply, "exp", (arena.make(ir.StopGrad, power),))
            return divided(arena, held, log_divisor)
        case ir.Neg(body) if (found := divided(arena, body, log_divisor)) is not None:
            return arena.make(ir.Neg, found)
        case ir.Mul(args):
            for place, each in enumerate(args):
                if (found := divided(arena, each, log_divisor)) is not None:
                    return arena.make(ir.Mul, (*args[:place], found, *args[place + 1 :]))
        case ir.Reduce("sum" | "mean" as op, axis, body) if axis not in log_divisor.axes:
            if (found := divided(arena, body, log_divisor)) is not None:
                return arena.make(ir.Reduce, op, axis, found)
    return None
