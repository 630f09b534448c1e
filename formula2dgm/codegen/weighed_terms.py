"""Terms that share a weight and the sums around it, ``sum_y q(y|x) (a - b)``: weighed together, reported one by one."""

from __future__ import annotations

from typing import TypeVar

from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.scores import piece_of
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Term

Part = TypeVar("Part")

_SUMMED = ("batch", "enumeration", "sample")


def weighed_together(scope: Scope, terms: tuple[Term, ...]) -> list[tuple[Term, ...]]:
    """The terms, those together that have one weight under the same sums and means."""
    found: dict[object, list[Term]] = {}
    for term in terms:
        found.setdefault(_weight(scope, term) or id(term), []).append(term)
    return [tuple(group) for group in found.values()]


def weighed(term: Term) -> ir.Node:
    """What the weight of such a term multiplies."""
    body = _product(term.node)
    assert isinstance(body, ir.Mul)
    return body.args[1]


def weighed_sum(scope: Scope, group: tuple[Term, ...], turned: bool) -> tuple[bool, ir.Node]:
    """The sum of such terms with the weight multiplied once, each with its sign (``turned``: the other one); before it,
    is that sum itself subtracted?"""
    make = scope.program.arena.make
    signed = []
    for term in group:
        minus, factors = factors_of(scope, term.coefficient)
        node = weighed(term)
        signed.append((minus != turned, make(ir.Mul, (*factors, node)) if factors else node))
    whole = all(minus for minus, _ in signed)
    parts = added_first([(minus and not whole, node) for minus, node in signed])
    return whole, _with_body(
        scope, group[0].node, tuple(make(ir.Neg, node) if minus else node for minus, node in parts)
    )


def added_first(parts: list[tuple[bool, Part]]) -> list[tuple[bool, Part]]:
    """A sum's parts, each with whether it is subtracted. Of two the added one stands first: ``b - a`` is one operation,
    ``-a + b`` two. More are in the formula's order."""
    return parts[::-1] if len(parts) == 2 and parts[0][0] else parts


def factors_of(scope: Scope, coefficient: ir.Node) -> tuple[bool, tuple[ir.Node, ...]]:
    """Is a coefficient negative, and the factors that are left without its sign?"""
    make = scope.program.arena.make
    match coefficient:
        case ir.Const(value) if value in (1, -1):
            return value < 0, ()
        case ir.Const(value):
            return value < 0, (make(ir.Const, abs(value)),)
        case ir.Neg(body):
            return True, (body,)
        case ir.Mul((ir.Const(value), *rest)) if value < 0:
            return True, (*([] if value == -1 else [make(ir.Const, -value)]), *rest)
        case ir.Mul(factors):
            return False, factors
    return False, (coefficient,)


def _weight(scope: Scope, term: Term) -> tuple[object, ...] | None:
    """What terms that are weighed together have in common: the weight, and the sums and means around it."""
    sums: list[tuple[str, Axis]] = []
    node = term.node
    while isinstance(node, ir.Reduce) and node.op in ("mean", "sum") and node.axis.kind in _SUMMED:
        if node in scope.bound:
            return None
        sums.append((node.op, node.axis))
        node = node.body
    match node:
        case ir.Mul((weight, body)) if weight.axes and sums and node not in scope.bound and piece_of(node) is None:
            numbers = weight.event == body.event == "number" and not isinstance(body, ir.StopGrad)
            return (weight, node.axes, *sums) if numbers else None
    return None


def _product(node: ir.Node) -> ir.Node:
    """What the sums and means around a term are of."""
    while isinstance(node, ir.Reduce):
        node = node.body
    return node


def _with_body(scope: Scope, node: ir.Node, parts: tuple[ir.Node, ...]) -> ir.Node:
    """The sums and means of a term around the sum of parts, with the term's weight."""
    make = scope.program.arena.make
    match node:
        case ir.Reduce(op, axis, body):
            return make(ir.Reduce, op, axis, _with_body(scope, body, parts))
        case ir.Mul((weight, _)):
            return make(ir.Mul, (weight, make(ir.Add, parts)))
    raise TypeError(type(node).__name__)
