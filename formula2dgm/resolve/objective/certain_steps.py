r"""Densities that are certain at the first step, ``q(x_{t-1}|x_t, x_0)`` at t = 1: their deviation is 0 there.

A logarithm of one, or a divergence of it, is infinite at that step. A sum that starts there, and a step that can be
drawn there, are refused; one that starts at 2 leaves that step out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import has
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.draws.picked import can_be_first

#: Nodes of which the objective is a sum or a mean, each weighed.
_LINEAR = (ir.Add, ir.Mul, ir.Neg, ir.Reduce)


def refuse_certain_steps(context: Context, objectives: Sequence[Objective]) -> None:
    """An error where the objective holds a log-density, or a divergence, at a step at which its law is certain."""
    for each in objectives:
        for node, left_out in _summands(term.node for term in each.terms):
            for law in _laws(node):
                scale = dict(law.params).get("scale")
                if scale is not None and _is_certain(scale, left_out):
                    _refuse(context, law, node)


def _refuse(context: Context, law: ir.Law, node: ir.Node) -> None:
    origins = context.arena.origins(node)
    context.found.error(
        "F2D-0594",
        f"{law.label} is certain at the first step, where its variance is 0: this is infinite there",
        origins[0].span if origins else None,
        "begin at the second step, \\sum_{t=2}^T or t \\sim U\\{2, T\\}: the first is a term of its own, "
        "-\\log p(x_0|x_1)",
    )


def _summands(terms: Iterator[ir.Node]) -> Iterator[tuple[ir.Node, frozenset[Axis]]]:
    """What the terms weigh and add, each with the axes of steps whose first one is left out."""
    ahead: list[tuple[ir.Node, frozenset[Axis]]] = [(each, frozenset()) for each in terms]
    seen = set(ahead)
    while ahead:
        node, left_out = ahead.pop()
        below: tuple[ir.Node, ...] = ()
        match node:
            case ir.Window(body, time, first):
                below, left_out = (body,), left_out | {time} if first > 1 else left_out
            case ir.Div(top):
                below = (top,)
            case ir.Divergence() | ir.LogProb():
                yield node, left_out
            case _ if isinstance(node, _LINEAR):
                below = tuple(node.children)
        new = [(each, left_out) for each in below if (each, left_out) not in seen]
        seen.update(new)
        ahead += new


def _laws(node: ir.Node) -> tuple[ir.Law, ...]:
    match node:
        case ir.Divergence("KL", left, right):
            return left, right
        case ir.LogProb(law):
            return (law,)
    return ()


def _is_certain(scale: ir.Node, left_out: frozenset[Axis]) -> bool:
    """Is a deviation 0 at a step that counts?"""
    axes = {each for each in scale.axes if each.kind == "time" and each not in left_out}
    read = axes or has(scale, ir.Picked, ir.AtStep)
    return bool(read) and _value(scale, lambda axis: axis in axes) == 0


def _value(node: ir.Node, is_first: Callable[[Axis], bool]) -> float | None:
    """The number that a node is at the first step of those axes; None where it is not known."""

    def value(node: ir.Node) -> float | None:
        return _value(node, is_first)

    match node:
        case ir.Const(number):
            return float(number)
        case ir.Shifted(_, time, by, outside) if by < 0 and is_first(time):
            return value(outside)
        case ir.Picked(body, time, position):
            return _value(body, lambda axis: axis == time) if can_be_first(position, time) else None
        case ir.AtStep(body, time, 1):
            return _value(body, lambda axis: axis == time)
        case ir.Index(axis, lower) if is_first(axis):
            return float(lower)
        case ir.Running(_, body, time) if is_first(time):
            return value(body)
        case ir.LinearRecurrence(factor, rest, initial, time) if is_first(time):
            carried, added = _product([value(factor), value(initial)]), value(rest)
            return None if carried is None or added is None else carried + added
        case ir.Neg(body):
            own = value(body)
            return None if own is None else -own
        case ir.Add(args):
            parts = [value(each) for each in args]
            known = [each for each in parts if each is not None]
            return sum(known) if len(known) == len(parts) else None
        case ir.Mul(args):
            return _product([value(each) for each in args])
        case ir.Div(top, bottom):
            above, below = value(top), value(bottom)
            if below == 0:
                return None
            return 0.0 if above == 0 else None if above is None or below is None else above / below
        case ir.Pow(base, ir.Const(power)) if power > 0 and value(base) in (0, 1):
            return value(base)
        case ir.Apply("sqrt", (body,)) if value(body) in (0, 1):
            return value(body)
    return None


def _product(values: Sequence[float | None]) -> float | None:
    if any(each == 0 for each in values):
        return 0.0
    known = [each for each in values if each is not None]
    made = 1.0
    for each in known:
        made *= each
    return made if len(known) == len(values) else None
