"""Densities that a statement writes out: as an expression, up to a constant, or by their logarithm.

    p(x) = \\sum_z p(x|z) p(z)                      a mixture, a marginal
    p(x) = \\sum_k \\pi_k N(x; \\mu_k, \\sigma_k^2 I)
    \\log \\tilde p(z) = -||z||^2                     a target known by its log-density
    p(x) \\propto \\exp(-E(x))                        unnormalised

Used at values, the written body is evaluated there: the statement's own names stand for what is written at the place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from formula2dgm.bindings import TensorValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.numbers import value_of
from formula2dgm.reading.signature import slot_name, slot_value
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.aggregated import is_aggregated, log_aggregated
from formula2dgm.resolve.densities.aggregated_forms import AGGREGATED, PUSHED
from formula2dgm.resolve.densities.cases import log_at_category
from formula2dgm.resolve.densities.dependence import refuse_unseen
from formula2dgm.resolve.densities.finding import Density, Use
from formula2dgm.resolve.densities.transformed import log_transformed
from formula2dgm.resolve.flows.chained import KIND
from formula2dgm.resolve.sequences.timeline import step_key
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator

#: The kinds of declarations whose density is the value of an expression.
WRITTEN = ("expression", "log", "unnormalised", KIND, AGGREGATED, PUSHED)


def is_written(density: Density) -> bool:
    """Is the density the value of an expression, or one of several (and no family, whose parameters could be read
    off)?"""
    return bool(density.cases) or (density.declared is not None and density.declared.kind in WRITTEN)


def log_written(evaluate: Evaluator, use: Use, scope: Scope) -> ir.Node:
    """The log-density of a written density at the values of its place of use."""
    context, declared = evaluate.context, use.density.declared
    if use.density.cases:
        return log_at_category(context, use, scope, evaluate)
    assert declared is not None
    if is_aggregated(use.density):
        return log_aggregated(evaluate, use, scope)
    if declared.kind == KIND:
        return log_transformed(evaluate, use, scope)
    signature = declared.signature
    slots = zip((*signature.variables, *signature.given), (*use.variables, *use.given), strict=True)
    values = {_key(context, name): evaluate(slot_value(each), scope) for name, each in slots if name is not None}
    refuse_unseen(context, declared)
    refuse_improper(context, declared)
    inner = scope.bind(values)
    with context.unfolding(use.density.label, declared.span):
        if declared.kind == "log":
            return evaluate(declared.body, inner)
        value = evaluate.log(declared.body, inner)
    if declared.kind == "unnormalised":
        scored = [values[_key(context, each)] for each in signature.variables if each is not None]
        _without_normaliser(context, use, value, scored, scope)
    return value


def _key(context: Context, name: Name) -> str:
    """What the statement's own name is called: at a step, one of several that it may be read at."""
    at_steps = context.time is not None and any(True for _ in context.time.places(name))
    return step_key(name) if at_steps else name.id


def refuse_improper(context: Context, declared: Declared) -> None:
    """Every component of a sum of densities is over all the variables, and weights that are numbers sum to 1."""
    if declared.kind != "expression":
        return
    _refuse_weights(context, declared)
    if not isinstance(declared.body, tree.Add):
        return
    wanted = {each.id for each in declared.signature.variables if each}
    for term in declared.body.terms:
        calls = list(term.all(tree.Call))
        over = {name.id for call in calls for each in call.args if (name := slot_name(each, context.model.indices))}
        if not wanted <= over:
            raise context.refuse(
                "F2D-0306",
                f"{term} in {declared.signature.label} is no density over {', '.join(sorted(wanted))}",
                term.span,
                "write conditionals side by side, p(x, z) = p(x|z) p(z), or a weighted sum of densities",
            )


def _refuse_weights(context: Context, declared: Declared) -> None:
    """Numbers that weigh densities sum to 1: ``0.3 N(x; 0, 1) + 0.6 N(x; 2, 1)``, ``1/2 N(x; 0, 1)`` and
    ``\\sum_{k=1}^3 N(x; \\mu_k, 1)`` do not."""
    terms = declared.body.terms if isinstance(declared.body, tree.Add) else (declared.body,)
    weights = [_weight(context, each) for each in terms]
    numbers = [each for each in weights if each is not None]
    if len(numbers) == len(terms) and abs(sum(numbers) - 1) > 1e-6:
        raise context.refuse(
            "F2D-0306",
            f"the weights of {declared.signature.label} sum to {sum(numbers):g}, not to 1",
            declared.span,
            "let the numbers in front of the densities sum to 1",
        )


def _weight(context: Context, term: tree.Node) -> float | None:
    """The number that a density is multiplied by, or that all of ``\\frac1K \\sum_{k=1}^K N(x; \\mu_k, 1)`` are."""
    factors = term.factors if isinstance(term, tree.Mul) else (term,)
    match factors[-1]:
        case tree.Big(op="sum", binders=(binder,), upper=upper, body=body):
            index = binder.name if isinstance(binder, tree.Binds) else binder
            first = _number_of(context, binder.value) if isinstance(binder, tree.Binds) else 1.0
            ends = [first, None if upper is None else _number_of(context, upper)]
            outer = [_number_of(context, each) for each in factors[:-1]]
            if None in outer or not isinstance(index, tree.Symbol):
                return None
            total = _bound_total(context, body, index, ends)
            if total is None and ends[0] is not None and ends[1] is not None and not _is_over(body, index):
                inner = _weight(context, body)
                total = None if inner is None else inner * (ends[1] - ends[0] + 1)
            return None if total is None else math.prod(each for each in outer if each is not None) * total
    return _number_before_density(context, term)


def _bound_total(context: Context, body: tree.Node, index: tree.Symbol, ends: Sequence[float | None]) -> float | None:
    """What the weights of ``\\pi_k N(x; \\mu_k, 1)`` sum to, where a vector of as many numbers is bound to them."""
    factors = body.factors if isinstance(body, tree.Mul) else (body,)
    weights = [each for each in factors if isinstance(each, tree.Symbol) and each.sub == (index,)]
    if len(factors) != 2 or len(weights) != 1 or not isinstance(factors[-1], tree.Call):
        return None
    binding = context.named.find(read_name(weights[0], context.model.indices))
    value = binding.value if binding is not None else None
    if not isinstance(value, TensorValue) or len(value.shape) != 1 or ends not in ([1, value.shape[0]], [1, None]):
        return None
    if value.learned:
        said = f"the weights {weights[0]} are learned as they are bound: nothing makes them sum to 1"
        context.assume(said, weights[0].span)
    return None if value.total is None else round(value.total, 4)  # the vector may have few digits


def _is_over(body: tree.Node, index: tree.Symbol) -> bool:
    """Is a density over the index itself, ``p(x, k)``: its values have probabilities?"""
    calls = list(body.all(tree.Call))
    return any(index in call.args for call in calls)


def _number_before_density(context: Context, term: tree.Node) -> float | None:
    """The number that a single density is multiplied by; None for anything else."""
    factors = term.factors if isinstance(term, tree.Mul) else (term,)
    numbers = [number for each in factors if (number := _number_of(context, each)) is not None]
    calls = [each for each in factors if isinstance(each, tree.Call)]
    return math.prod(numbers) if len(calls) == 1 and len(numbers) + 1 == len(factors) else None


def _number_of(context: Context, node: tree.Node) -> float | None:
    """A number, the number that the text says a name is, or a ratio of these."""
    if isinstance(node, tree.Symbol):
        said = context.model.definitions.get(read_name(node, context.model.indices).full)
        node = said.body if said is not None and isinstance(said.body, tree.Number) else node
    match node:
        case tree.Number() as number:
            return float(value_of(number))
        case tree.Div(top, bottom):
            above, below = _number_of(context, top), _number_of(context, bottom)
            return above / below if above is not None and below else None
    return None


def _without_normaliser(context: Context, use: Use, value: ir.Node, scored: Sequence[ir.Node], scope: Scope) -> None:
    """The logarithm of the normaliser is a constant only while nothing under it is learned, whatever the values it is
    scored at (``scored``); the gradient by any of these has no normaliser."""
    declared = use.density.declared
    assert declared is not None
    slots = zip(use.variables, declared.signature.variables, strict=True)
    names = (slot_name(each, context.model.indices) or own for each, own in slots)
    variables = {each.id for each in names if each}
    free = context.arena.make(ir.Data, f"{use.density.label} at any value", (), True)
    under = rewrite(context.arena, value, lambda each: free if each in scored else each)
    learned = [node for node in walk(under) if _is_learned(node)]
    given = {each.id for each in declared.signature.given if each}
    if (learned and not variables & scope.scores) or given & scope.scores:
        raise context.refuse(
            "F2D-0320",
            f"{use.density.label} is known up to a normaliser that depends on what is learned",
            use.call.span if use.call is not None else declared.span,
            f"take its score, \\nabla_{{{', '.join(sorted(variables))}}} \\log {use.density.label}, where it cancels; "
            "train the energy by draws of a chain, E_{p_data(x)}[E(x)] - E[E(sg[\\tilde x_K])], or learn the constant, "
            "p(x) = \\exp(-E(x) - c); for a target that is not trained, write \\log \\tilde p(...) = ...",
        )
    context.assume(
        f"{use.density.label} is unnormalised: its logarithm is without that of the normaliser", declared.span
    )


def _is_learned(node: ir.Node) -> bool:
    return (isinstance(node, ir.NetCall) and not node.frozen) or (isinstance(node, ir.Param) and node.learned)
