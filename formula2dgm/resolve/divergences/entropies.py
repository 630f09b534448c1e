"""Entropies and cross-entropies: in closed form where there is one, else sampled, as the options say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.registry.divergences import closed_form
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.written_densities import is_written
from formula2dgm.resolve.divergences.closed import averaged, between, need_shape
from formula2dgm.resolve.divergences.sampled import Sides, mean_of_log
from formula2dgm.resolve.divergences.sides import both_sides, factors, law_of_factor, same_variables, variable_of
from formula2dgm.resolve.draws.closed_or_sampled import choice_of, no_closed_form, note_estimate
from formula2dgm.resolve.operators.binders import Bound, bind_factor
from formula2dgm.resolve.operators.operators import close
from formula2dgm.resolve.values.entries import by_entry
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator

_ENTROPIES = "write H[q(z|x)], or H(p(z), q(z))"


def entropy(context: Context, node: tree.Node, args: Sequence[tree.Node], scope: Scope, evaluate: Evaluator) -> ir.Node:
    """``H[q(z|x)]``, and the cross-entropy ``H(p, q) = H[p] + KL[p || q]`` where both have closed forms."""
    make = context.arena.make
    below = scope.under(node)
    if len(args) == 2:
        return _cross_entropy(context, tree.Divergence("KL", args[0], args[1], span=node.span), node, below, evaluate)
    if len(args) == 1:
        uses = factors(context, args[0])
        if any(is_written(use.density) for use in uses):
            return _by_definition(context, args[0], uses, node, below, evaluate)
        bound, inner = Bound(), below
        parts: list[ir.Node] = []
        for use in uses:
            law = law_of_factor(context, use, inner, evaluate)
            sampled = _is_sampled(context, node, law)
            entry = by_entry(context, use.variables[0], law, scope)
            if len(uses) > 1 or sampled:
                bind_factor(context, use, bound, inner, evaluate, ())
                inner = inner.bind(bound.values)
            if sampled:
                value = bound.values[variable_of(context, use)]
                parts.append(make(ir.Neg, make(ir.LogProb, law, value, entry), origin=node))
            else:
                need_shape(context, node, law)
                parts.append(make(ir.Entropy, law, entry, origin=node))
        body = parts[0] if len(parts) == 1 else make(ir.Add, tuple(parts))
        return close(context, averaged(inner, bound), body)
    raise context.refuse("F2D-0314", "an entropy takes one density, a cross-entropy two", node.span, _ENTROPIES)


def _by_definition(
    context: Context, side: tree.Node, uses: list[Use], written: tree.Node, scope: Scope, evaluate: Evaluator
) -> ir.Node:
    """``-E_p[log p]`` of a density that is written out."""
    sides = Sides(tree.Divergence("KL", side, side, span=written.span), uses, uses)
    value = mean_of_log(context, sides, scope, evaluate)
    note_estimate(context, written, value)
    return value


def _cross_entropy(
    context: Context, sides: tree.Divergence, written: tree.Node, scope: Scope, evaluate: Evaluator
) -> ir.Node:
    """``H(p, q) = -E_p[log q]``: H[p] + KL[p || q] where both have closed forms."""
    left, right = both_sides(context, sides)
    same_variables(context, sides, left, right)
    if (
        choice_of(context, written) != "sampled"
        and len(left) == 1
        and not any(is_written(use.density) for use in (*left, *right))
    ):
        p, q = (law_of_factor(context, use, scope, evaluate) for use in (left[0], right[0]))
        if registry.family(p.family).entropy is not None and closed_form("KL", p.family, q.family) is not None:
            entry = by_entry(context, left[0].variables[0], p, scope)
            apart = between(context, sides, "KL", (p, q), entry)
            return context.arena.make(ir.Add, (context.arena.make(ir.Entropy, p, entry, origin=written), apart))
    value = mean_of_log(context, Sides(sides, left, right), scope, evaluate)
    note_estimate(context, written, value)
    return value


def _is_sampled(context: Context, node: tree.Node, law: ir.Law) -> bool:
    """Is an entropy estimated at draws: because nobody knows its closed form, or because that was asked for?"""
    closed = registry.family(law.family).entropy is not None
    choice = choice_of(context, node)
    if choice == "closed" and not closed:
        raise no_closed_form(context, node)
    if closed and choice != "sampled":
        return False
    context.assume(f"{node} is estimated at draws: it has no closed form or sampling was asked for", node.span)
    return True
