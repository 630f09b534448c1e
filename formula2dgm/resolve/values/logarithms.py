"""Logarithms: of products, ratios and powers of densities, of joints over steps, of anything else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.reading.log_reach import is_density_like
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import is_density_at_value, is_density_call, slot_value
from formula2dgm.reading.written_families import is_family_at_value
from formula2dgm.resolve.chains.joints import marginal
from formula2dgm.resolve.chains.linear_chains import log_of_linear_chain
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import family_law
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.densities.lookup import find_uses
from formula2dgm.resolve.densities.written_densities import is_written, log_written
from formula2dgm.resolve.flows.values import log_determinant
from formula2dgm.resolve.operators.integrals import linear_gaussian
from formula2dgm.resolve.sequences.over_steps import log_over_steps
from formula2dgm.resolve.values.entries import by_entry
from formula2dgm.resolve.values.frozen_groups import held
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def is_density(context: Context, node: tree.Node) -> bool:
    """Is this call a density: by its bar, its letter, or because a density of that letter is known?"""
    if not isinstance(node, tree.Call) or not isinstance(node.head, tree.Symbol):
        return False
    name = read_name(node.head, context.model.indices, head=True)
    if context.named.is_network(name) or _defines_its_argument(context, node):
        return False
    known = bool(context.densities.all.by("head", name.id))
    return known or (is_density_call(node) and not is_family_at_value(node)) or is_density_at_value(node)


def logarithm(evaluate: Evaluator, argument: tree.Node, scope: Scope) -> ir.Node:
    """``log``: of a product, ratio or power of densities it is a sum of log-densities."""
    if (inside := log_determinant(evaluate, argument, scope)) is not None:
        return inside
    if (exact := log_of_linear_chain(evaluate, argument, scope)) is not None:
        return exact
    if (steps := log_over_steps(evaluate.context, argument)) is not None:
        return evaluate(steps, scope)
    if (
        isinstance(argument, tree.Mul)
        and any(is_density_like(each) for each in argument.factors)
        and all(op in ("", "*", "dot", "times") for op in argument.ops)
    ):
        return evaluate.make(ir.Add, tuple(evaluate.log(each, scope) for each in argument.factors))
    if isinstance(argument, tree.Div) and is_density_like(argument):
        top, bottom = evaluate.log(argument.numerator, scope), evaluate.log(argument.denominator, scope)
        below = tuple(
            evaluate.make(ir.Neg, each) for each in (bottom.args if isinstance(bottom, ir.Add) else (bottom,))
        )
        return evaluate.make(ir.Add, (*(top.args if isinstance(top, ir.Add) else (top,)), *below))
    if isinstance(argument, tree.Integral) and (exact := linear_gaussian(evaluate, argument, scope)) is not None:
        return exact
    if isinstance(argument, tree.Power) and is_density_like(argument.base):
        return evaluate.make(ir.Mul, (evaluate(argument.exponent, scope), evaluate.log(argument.base, scope)))
    if isinstance(argument, tree.Call) and is_density(evaluate.context, argument):
        return evaluate.log_density(argument, scope)
    match argument:
        case tree.Func("sg", (tree.Call() as inner,)) if is_density(evaluate.context, inner):
            return evaluate.log_density(inner, scope, stopped=True)
    if isinstance(argument, tree.Call) and is_family_at_value(argument):
        law = family_law(evaluate.context, argument, None, scope, evaluate)
        entry = by_entry(evaluate.context, argument.args[0], law, scope)
        return evaluate.make(ir.LogProb, law, evaluate(argument.args[0], scope), entry)
    return evaluate.make(ir.Apply, "log", (evaluate(argument, scope),))


def _defines_its_argument(context: Context, node: tree.Call) -> bool:
    """``a_t = r(x_t, a_{t+1})``: what a step of a variable is made of by that variable is no density of it."""
    if node.given is not None:
        return False
    indices = context.model.indices
    over = {read_name(each, indices).full for each in node.args if isinstance(each, tree.Symbol)}
    defined = context.model.definitions
    return any(key in defined and defined[key].body == node for key in over)


def log_density(evaluate: Evaluator, node: tree.Call, scope: Scope, stopped: bool = False) -> ir.Node:
    """``log p(x, z | y)``: the sum of its factors' log-densities, in the order a person writes them; ``stopped``:
    no gradient passes through the densities' parameters, ``log sg[q(z|x)]``."""
    if (steps := log_over_steps(evaluate.context, node)) is not None:
        return evaluate(steps, scope)
    if (summed := marginal(evaluate.context, node)) is not None:
        return evaluate.log(summed, scope)
    parts = []
    for use in reversed(find_uses(evaluate.context, node)):
        use = replace(use, stopped=use.stopped or stopped)
        if is_written(use.density):
            parts.append(written(evaluate, use, scope))
            continue
        law = law_of(evaluate.context, use, scope, evaluate)
        if len(use.variables) != 1:
            raise evaluate.context.refuse(
                "F2D-0403",
                f"{use.density.label} is over several variables",
                node.span,
                "write it as a product of conditionals",
            )
        slot = use.variables[0]
        value = evaluate(slot.value if isinstance(slot, tree.Binds) else slot, scope)
        part = evaluate.make(ir.LogProb, law, value, by_entry(evaluate.context, slot, law, scope))
        evaluate.context.arena.note(part, node)
        parts.append(part)
    return parts[0] if len(parts) == 1 else evaluate.make(ir.Add, tuple(parts))


def written(evaluate: Evaluator, use: Use, scope: Scope) -> ir.Node:
    """The log-density of an expression, its parameters held constant where the place of use says so."""
    part = log_written(evaluate, use, scope)
    if not (use.frozen or use.stopped):
        return part
    values = [evaluate(slot_value(each), scope) for each in (*use.variables, *use.given)]
    return held(evaluate.context, use.call, part, values)
