"""Divergences by their definitions: means of functions of ``u = log p - log q`` under the sides.

A finite side is summed over all its values, which is exact; any other is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.records import dataclass
from formula2dgm.registry.definitions import Bracket, Definition, Integrand
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.written_densities import is_written
from formula2dgm.resolve.divergences.closed import averaged
from formula2dgm.resolve.divergences.sides import WrittenSide, law_of_factor, variable_of
from formula2dgm.resolve.operators.binders import Bound, bind_factor
from formula2dgm.resolve.operators.operators import close
from formula2dgm.resolve.values.entries import by_entry
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


@dataclass(frozen=True, slots=True)
class Computed(tree.Node):
    """A body that is made of nodes: ``compute(scope)`` is its value."""

    compute: Callable[[Scope], ir.Node] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a divergence: as written, and their factors."""

    node: tree.Divergence
    left: list[Use]
    right: list[Use]


def by_definition(
    context: Context,
    what: Definition,
    sides: Sides,
    order: ir.Node | None,
    scope: Scope,
    evaluate: Evaluator,
) -> ir.Node:
    """The sum of a definition's brackets; of a Rényi divergence the logarithm of its bracket."""
    make = context.arena.make
    renyi = what.name == "Renyi"
    parts = []
    for bracket in what.brackets:
        weight = _weight(context, bracket, order)
        body = _integrand(context, bracket, order)
        inner = scope.under(sides.node, linear=not renyi)
        mean = at_draws(context, sides, bracket.side, body, inner, evaluate)
        parts.append(mean if weight is None else make(ir.Mul, (weight, mean)))
    total = parts[0] if len(parts) == 1 else make(ir.Add, tuple(parts))
    if not renyi:
        return total
    assert order is not None
    return make(ir.Div, make(ir.Apply, "log", (total,)), _less_one(context, order))


def mean_of_log(context: Context, sides: Sides, scope: Scope, evaluate: Evaluator) -> ir.Node:
    """``-E_p[log q]``, the cross-entropy."""
    return at_draws(context, sides, "left", lambda _, q: context.arena.make(ir.Neg, q), scope, evaluate)


#: From log p and log q at one point to what is averaged there.
Body = Callable[[ir.Node, ir.Node], ir.Node]


def at_draws(context: Context, sides: Sides, drawn: str, body: Body, scope: Scope, evaluate: Evaluator) -> ir.Node:
    """The mean of a function of the two log-densities under one of the sides."""
    uses = sides.left if drawn == "left" else sides.right

    def value(inner: Scope) -> ir.Node:
        logs = [_log_density(context, side, inner, evaluate) for side in (sides.left, sides.right)]
        return body(logs[0], logs[1])

    if any(isinstance(use, WrittenSide) or is_written(use.density) for use in uses):
        side = sides.node.left if drawn == "left" else sides.node.right
        bracket = tree.Expect(_binders(side, uses), Computed(value, span=sides.node.span), span=sides.node.span)
        return evaluate(bracket, scope)
    bound, inner = Bound(), scope
    for use in uses:
        bind_factor(context, use, bound, inner, evaluate, ())
        inner = inner.bind(bound.values)
    bound.outside = frozenset(scope.values.values())
    opened = averaged(inner, bound)
    opened.bound = bound
    return close(context, opened, value(inner))


def _binders(side: tree.Node, uses: Sequence[Use]) -> tuple[tree.Node, ...]:
    """The subscript that draws a side."""
    if len(uses) == 1 and isinstance(uses[0], WrittenSide):
        return (tree.Draws(uses[0].variables, side, span=side.span),)
    return side.factors if isinstance(side, tree.Mul) else (side,)


def _log_density(context: Context, uses: Sequence[Use], scope: Scope, evaluate: Evaluator) -> ir.Node:
    """The log-density of a side at the values that are bound."""
    parts = []
    for use in uses:
        if is_written(use.density):
            parts.append(evaluate.log_written(use, scope))
            continue
        law = law_of_factor(context, use, scope, evaluate)
        entry = by_entry(context, use.variables[0], law, scope)
        variable_of(context, use)
        parts.append(context.arena.make(ir.LogProb, law, evaluate(use.variables[0], scope), entry))
    return parts[0] if len(parts) == 1 else context.arena.make(ir.Add, tuple(parts))


# -- what is averaged ----------------------------------------------------------------------------------


def _weight(context: Context, bracket: Bracket, order: ir.Node | None) -> ir.Node | None:
    """The number in front of a bracket; None for 1."""
    if bracket.weight is not None:
        return None if bracket.weight == 1 else context.const(bracket.weight)
    first = context.const(0.5) if order is None else order
    return first if bracket.side == "left" else _one_less(context, first)


def _integrand(context: Context, bracket: Bracket, order: ir.Node | None) -> Body:
    """The function of the two log-densities that a bracket averages."""
    make = context.arena.make

    def ratio(p: ir.Node, q: ir.Node) -> ir.Node:
        return make(ir.Add, (*_terms(p), *(make(ir.Neg, each) for each in _terms(q))))

    def scaled(number: float, p: ir.Node, q: ir.Node) -> ir.Node:
        return make(ir.Mul, (context.const(number), ratio(p, q)))

    def tilt(p: ir.Node, q: ir.Node) -> ir.Node:
        assert order is not None
        return make(ir.Apply, "exp", (make(ir.Mul, (_less_one(context, order), ratio(p, q))),))

    def to_mean(p: ir.Node, q: ir.Node) -> ir.Node:
        mixture = context.arena.entitle(log_mean(context, p, q, order), "log m")
        return ratio(p if bracket.side == "left" else q, mixture)

    def root_gap(p: ir.Node, q: ir.Node) -> ir.Node:
        # 1 - 2 (p q)^(1/2) / (p + q), which is at most 1
        return make(ir.Mul, tuple(make(ir.Apply, "tanh", (scaled(part, p, q),)) for part in (0.5, 0.25)))

    def gap(p: ir.Node, q: ir.Node) -> ir.Node:
        # |p - q| / (p + q), which is at most 1
        return make(ir.Apply, "abs", (make(ir.Apply, "tanh", (scaled(0.5, p, q),)),))

    bodies: dict[Integrand, Body] = {
        "u": ratio,
        "-u": lambda p, q: ratio(q, p),
        "to-mean": to_mean,
        "tilt": tilt,
        "chi": lambda p, q: make(ir.Apply, "expm1", (ratio(p, q),)),
        "gap": gap,
        "root-gap": root_gap,
    }
    return bodies[bracket.integrand]


def _terms(node: ir.Node) -> tuple[ir.Node, ...]:
    return node.args if isinstance(node, ir.Add) else (node,)


def log_mean(context: Context, p: ir.Node, q: ir.Node, weight: ir.Node | None) -> ir.Node:
    """``log(w p + (1 - w) q)``."""
    make = context.arena.make
    first = context.const(0.5) if weight is None else weight
    weighed = [(first, p), (_one_less(context, first), q)]
    parts = [make(ir.Apply, "exp", (make(ir.Add, (_log(context, w), *_terms(log))),)) for w, log in weighed]
    return make(ir.Apply, "log", (make(ir.Add, tuple(parts)),))


def _log(context: Context, weight: ir.Node) -> ir.Node:
    if isinstance(weight, ir.Const):
        return context.const(math.log(weight.value))
    return context.arena.make(ir.Apply, "log", (weight,))


def _less_one(context: Context, node: ir.Node) -> ir.Node:
    """``node - 1``."""
    if isinstance(node, ir.Const):
        return context.const(node.value - 1)
    return context.arena.make(ir.Add, (node, context.const(-1)))


def _one_less(context: Context, node: ir.Node) -> ir.Node:
    """``1 - node``."""
    if isinstance(node, ir.Const):
        return context.const(1 - node.value)
    return context.arena.make(ir.Add, (context.const(1), context.arena.make(ir.Neg, node)))
