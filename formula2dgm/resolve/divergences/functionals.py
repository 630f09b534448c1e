"""Divergences: in closed form where there is one, else sampled, as the options say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.ir.verify import SCALAR_NODES
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.registry.definitions import definition
from formula2dgm.registry.divergences import closed_form
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import family_law
from formula2dgm.resolve.densities.written_densities import is_written
from formula2dgm.resolve.divergences.bounds import by_bound
from formula2dgm.resolve.divergences.closed import chain_rule, closed, closed_between, need_shape
from formula2dgm.resolve.divergences.kernels import discrepancy
from formula2dgm.resolve.divergences.names import Meant, meant
from formula2dgm.resolve.divergences.sampled import Sides, by_definition
from formula2dgm.resolve.divergences.sides import (
    both_sides,
    factors,
    law_of_factor,
    pair_up,
    right_side,
    same_variables,
)
from formula2dgm.resolve.draws.closed_or_sampled import choice_of, no_closed_form, note_estimate
from formula2dgm.resolve.sequences.over_steps import divergence_over_steps
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def divergence(
    context: Context, node: tree.Divergence, scope: Scope, evaluate: Evaluator, power: tree.Power | None = None
) -> ir.Node:
    """``KL[q(z|x) || p(z)]``, ``D_\\alpha(p || q)``, and ``W_2^2(p, q)``, whose square (``power``) is part of its name.

    Variables left of the bar are bound here.
    """
    if node.name == "MMD":
        return discrepancy(evaluate, node, scope)
    if node.name == "MI":
        return evaluate(log_ratio(node), scope)
    if (steps := divergence_over_steps(context, node)) is not None:
        return evaluate(steps, scope)
    what = meant(context, node, power)
    if what.what.name == "KL":
        return _kullback_leibler(context, replace(node, name="KL"), scope, evaluate)
    value = _other(context, node, what, scope, evaluate)
    return context.arena.make(ir.Apply, "sqrt", (value,)) if what.root else value


def _other(context: Context, node: tree.Divergence, what: Meant, scope: Scope, evaluate: Evaluator) -> ir.Node:
    """A divergence beside KL: in closed form where there is one, else by its definition."""
    order = _order(context, what, scope, evaluate)
    choice, name = choice_of(context, what.written), what.what.name
    if is_written_family(node.left) and is_written_family(node.right):
        return _between_families(context, node, what, order, scope, evaluate)
    left, right = both_sides(context, node)
    same_variables(context, node, left, right)
    inner = scope.under(node, linear=not what.root)
    if choice != "sampled" and (value := closed(context, node, name, (left, right), order, inner, evaluate)):
        return value
    if not what.what.brackets:
        raise no_closed_form(context, what.written, f"the {what.what.title} is computed in closed form alone")
    value = by_definition(context, what.what, Sides(node, left, right), order, inner, evaluate)
    drawn = {each.side for each in what.what.brackets}
    if note_estimate(context, what.written, value, "both its sides" if len(drawn) == 2 else "its left side"):
        _note_bias(context, what)
    return value


def _order(context: Context, what: Meant, scope: Scope, evaluate: Evaluator) -> ir.Node | None:
    """The order of a Rényi divergence, or the weight of a Jensen-Shannon one: a number."""
    if what.order is None:
        return context.const(0.5) if what.what.order == "weight" and not what.what.brackets else None
    value = evaluate(what.order, scope)
    if value.axes or not all(isinstance(each, SCALAR_NODES) for each in walk(value)):
        raise context.refuse("F2D-0310", f"{what.order} in {what.written} is no number", what.order.span)
    number = _number(context, value)
    if what.what.order == "weight" and number is not None and not 0 < number < 1:
        raise context.refuse("F2D-0310", f"the weight {number:g} is not between 0 and 1", what.order.span)
    if what.what.order == "order" and number is not None and (number <= 0 or number == 1):
        raise context.refuse(
            "F2D-0310",
            f"the Rényi divergence of order {number:g} is a limit of others",
            what.order.span,
            "at 1 it is KL: write KL[p || q]" if number == 1 else "its order is positive",
        )
    return value


def _number(context: Context, value: ir.Node) -> float | None:
    """The number that a constant or the default of a hyperparameter is; None for an expression of them."""
    match value:
        case ir.Const(number):
            return float(number)
        case ir.Hyper(name):
            return context.hyperparameters[name].default
        case ir.Div(ir.Const(top), ir.Const(bottom)) if bottom:
            return top / bottom
        case ir.Neg(body):
            inside = _number(context, body)
            return None if inside is None else -inside
    return None


def _note_bias(context: Context, what: Meant) -> None:
    """An estimate under a function that is not linear is biased."""
    if what.what.name == "Renyi":
        context.assume(
            f"the estimate of {what.written} is biased, the logarithm of a mean over draws: with one draw it is that "
            "of KL, samples= takes more",
            what.written.span,
        )
    elif what.root:
        context.assume(f"{what.written} is the root of an estimate, which is biased", what.written.span)


def _between_families(
    context: Context,
    node: tree.Divergence,
    what: Meant,
    order: ir.Node | None,
    scope: Scope,
    evaluate: Evaluator,
) -> ir.Node:
    """``W_2^2(N(mu, Sigma), N(0, I))``: no variable is named, so only the closed form can be meant."""
    p, q = (
        family_law(context, side, None, scope.under(node), evaluate)
        for side in (node.left, node.right)
        if isinstance(side, tree.Call)
    )
    value = None
    if choice_of(context, what.written) != "sampled":
        value = closed_between(context, node, what.what.name, (p, q), order)
    if value is None:
        raise no_closed_form(context, what.written, "declare one of its sides: q(z|x) = ...")
    return value


def _kullback_leibler(context: Context, node: tree.Divergence, scope: Scope, evaluate: Evaluator) -> ir.Node:
    if is_written_family(node.left):
        return _written_divergence(context, node, scope, evaluate)
    if (bound := by_bound(context, node, choice_of(context, node))) is not None:
        return evaluate(bound, scope)
    if (written := _under_written(context, node)) is not None:
        return evaluate(written, scope)
    left = factors(context, node.left)
    right = right_side(context, node, left)
    same_variables(context, node, left, right)
    choice = choice_of(context, node)
    pairs = pair_up(context, left, right) if choice != "sampled" else None
    if pairs is not None and (value := chain_rule(context, node, pairs, scope, evaluate)) is not None:
        return value
    value = by_definition(context, definition("KL"), Sides(node, left, right), None, scope, evaluate)
    note_estimate(context, node, value)
    return value


def log_ratio(node: tree.Divergence) -> tree.Expect:
    """``E_q[log q - log p]``: what KL[q || p] is."""
    binders = node.left.factors if isinstance(node.left, tree.Mul) else (node.left,)
    logs = [tree.Prefix("log", each, span=node.span) for each in (node.left, node.right)]
    body = tree.Add((logs[0], tree.Neg(logs[1], span=node.span)), span=node.span)
    return tree.Expect(tuple(binders), body, span=node.span)


def of_marginals(side: tree.Node) -> tree.Node:
    """Of a product of marginals, ``\\prod_j q(z_j)``, one of them."""
    return side.body if isinstance(side, tree.Big) and side.op == "prod" else side


def _under_written(context: Context, node: tree.Divergence) -> tree.Node | None:
    """``KL[q || p]`` with a density written as an expression on a side: E_q[log q - log p], by definition."""
    given = [of_marginals(each) for each in (node.left, node.right) if not is_written_family(each)]
    sides = [factors(context, each) for each in given]
    if not any(is_written(use.density) for side in sides for use in side):
        return None
    if choice_of(context, node) == "closed":
        raise context.refuse("F2D-0311", f"{node} has no closed form", node.span, "leave divergences='closed' out")
    why = "a density written out has no closed form"
    context.assume(f"{node} is estimated at draws of its left side: {why}", node.span)
    return log_ratio(node)


def _written_divergence(context: Context, node: tree.Divergence, scope: Scope, evaluate: Evaluator) -> ir.Node:
    """``KL[N(mu(x), sigma^2(x)) || N(0, I)]``: no variable is named, so only the closed form can be meant."""
    laws = []
    for side in (node.left, node.right):
        if isinstance(side, tree.Call) and is_written_family(side):
            laws.append(family_law(context, side, None, scope.under(node), evaluate))
        else:
            uses = factors(context, side)
            if len(uses) != 1:
                raise context.refuse("F2D-0312", f"{side} is no single density", side.span)
            laws.append(law_of_factor(context, uses[0], scope.under(node), evaluate))
    if closed_form("KL", laws[0].family, laws[1].family) is None or choice_of(context, node) == "sampled":
        raise context.refuse("F2D-0311", f"{node} has no closed form", node.span, "declare the left side: q(z|x) = ...")
    need_shape(context, node, *laws)
    return context.arena.make(ir.Divergence, "KL", laws[0], laws[1])
