"""An objective's terms: its summands once expectations, sums and means are distributed over ``+``.

Signs, numbers and hyperparameters become a term's coefficient; whatever is random or a network's output stays
in the term.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.completion.flows.symbols import AlongPath
from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import read_name
from formula2dgm.records import dataclass
from formula2dgm.resolve.chains.paths import sums_ranges
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.draws.term_scores import baseline_shares
from formula2dgm.resolve.operators.integrals import as_operator
from formula2dgm.resolve.operators.mixtures import under_components
from formula2dgm.resolve.operators.operators import (
    close,
    open_expectation,
    reduce_body,
    refuse_unused_index,
    repetitions,
)
from formula2dgm.resolve.operators.randomness import linear_factors
from formula2dgm.resolve.operators.sums import open_sum
from formula2dgm.resolve.sequences.over_steps import divergence_over_steps, log_over_steps
from formula2dgm.resolve.sequences.overshooting import written_out
from formula2dgm.resolve.statements.hyperparameters import names_constant, refuse_unknown_term
from formula2dgm.resolve.values.expressions import Evaluator
from formula2dgm.resolve.values.inner_products import without_constants
from formula2dgm.resolve.values.matrices import has_matrices
from formula2dgm.resolve.values.products import refuse_other_signs
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Draft:
    """``number * prod(symbols) * node``, to be named after ``core`` (with its random weights in front)."""

    number: float
    symbols: tuple[ir.Node, ...]
    node: ir.Node
    core: tree.Node
    weights: tuple[tree.Node, ...] = ()
    label: str | None = None

    @property
    def name(self) -> str:
        if self.label is not None:
            return self.label
        return " ".join(_as_factor(each) for each in (*self.weights, self.core))


def _as_factor(node: tree.Node) -> str:
    return f"({node})" if isinstance(node, tree.Add) else str(node)


def terms_of(evaluate: Evaluator, node: tree.Node, scope: Scope) -> list[Draft]:
    """The terms of an expression, in the order written."""
    context = evaluate.context
    match node:
        case tree.Add(terms):
            drafts = evaluate.each(lambda term: terms_of(evaluate, term, scope.under(node)), terms)
            return [draft for each in drafts for draft in each]
        case tree.Neg(body):
            return [replace(each, number=-each.number) for each in terms_of(evaluate, body, scope.under(node))]
        case tree.Labelled(body, label):
            inside = terms_of(evaluate, body, scope.under(node))
            if len(inside) == 1:
                return [replace(inside[0], label=label)]
            return [Draft(1.0, (), evaluate(body, scope.under(node)), body, label=label)]
        case tree.Mul(factors, _) if "circ" not in node.ops:
            refuse_other_signs(context, node)
            return _product_terms(evaluate, node, factors, scope)
        case tree.Div(top, bottom):
            return _quotient_terms(evaluate, node, top, bottom, scope)
        case tree.Expect() if (components := under_components(context, node)) is not None:
            return terms_of(evaluate, components, scope)
        case tree.Expect():
            opened = open_expectation(context, node, scope, evaluate)
            under = terms_of(evaluate, node.body, opened.scope)
            costs = [(each.node, each.number if not each.symbols else 0.0) for each in under]
            shares = baseline_shares(context, opened.drawn, costs)
            return [
                replace(each, node=close(context, opened, each.node, share))
                for each, share in zip(under, shares, strict=True)
            ]
        case tree.Integral() if not isinstance(node, AlongPath):
            return terms_of(evaluate, as_operator(evaluate, node, scope), scope)
        case tree.Big(op="sum") if (unrolled := written_out(context, node, scope)) is not None:
            below = scope.under(node)
            groups = [(each, terms_of(evaluate, each.body, below)) for each in unrolled]
            return [replace(each, node=term.closed(context, each.node)) for term, group in groups for each in group]
        case tree.Big(op="sum") if not sums_ranges(node):
            opened = open_sum(context, node, scope, evaluate)
            symbols = (opened.factor,) if opened.factor is not None else ()
            summed = terms_of(evaluate, node.body, opened.scope)
            refuse_unused_index(context, opened, [each.node for each in summed])
            return [
                replace(
                    each,
                    node=reduce_body(context, opened, each.node),
                    symbols=(*symbols, *repetitions(context, opened, each.node), *each.symbols),
                )
                for each in summed
            ]
        case tree.Func("mean" | "sum", (body,)):
            averaged = []
            for each in terms_of(evaluate, body, scope.under(node)):
                value = each.node
                for axis in [axis for axis in value.axes if axis.kind == "batch"]:
                    value = evaluate.make(ir.Reduce, node.name, axis, value)
                averaged.append(replace(each, node=value))
            return averaged
        case tree.Divergence() if (steps := divergence_over_steps(context, node)) is not None:
            return terms_of(evaluate, steps, scope)
        case tree.Prefix(name="log", operand=inside, sub=()) if (steps := log_over_steps(context, inside)) is not None:
            return terms_of(evaluate, steps, scope)
        case tree.Symbol() if names_constant(context, node):
            context.assume(f"{node} is left out: a constant has no gradient", node.span)
            return []
        case tree.Symbol() if (piece := _named_piece(context, node)) is not None:
            return terms_of(evaluate, piece, scope.under(node))
    value = evaluate(node, scope)
    constant = as_constant(value)
    if constant is not None and isinstance(node, tree.Symbol | tree.Prefix | tree.Func):
        refuse_unknown_term(context, node)
    if constant is not None:
        return [Draft(constant[0], constant[1], context.const(1), node)]
    return [Draft(1.0, (), value, node)]


def _named_piece(context: Context, symbol: tree.Symbol) -> tree.Node | None:
    """A named part of an objective (``L_{rec} + \\beta L_{KL}``): its own terms, unless its name is better."""
    name = read_name(symbol, context.model.indices, head=True)
    definition = context.model.definitions.get(name.full)
    if definition is None or definition.index or not _is_objective(definition.body):
        return None
    return definition.body


def _is_objective(node: tree.Node) -> bool:
    return any(isinstance(each, tree.Expect | tree.Divergence) for each in node.walk())


# -- products ------------------------------------------------------------------------------------------


def _product_terms(evaluate: Evaluator, node: tree.Mul, factors: tuple[tree.Node, ...], scope: Scope) -> list[Draft]:
    if has_matrices(evaluate.context, node):
        return _matrix_terms(evaluate, node, factors, scope)
    linear = linear_factors(evaluate.context, factors)
    number, symbols = 1.0, list[ir.Node]()
    rest: list[tuple[tree.Node, Scope]] = []
    for factor, is_linear in zip(factors, linear, strict=True):
        below = scope.under(node, is_linear)
        constant = as_constant(evaluate(factor, below)) if may_be_constant(factor) else None
        if constant is None:
            rest.append((factor, below))
        else:
            number *= constant[0]
            symbols += constant[1]
    if not rest:
        return [Draft(number, tuple(symbols), evaluate.context.const(1), node)]
    whole = "dot" in node.ops and _are_vectors(evaluate, rest)
    split = [each for each in rest if not whole and _splits(each[0]) and (len(rest) == 1 or not _is_weight(each[0]))]
    if len(split) == 1:
        weights = [each for each in rest if each is not split[0]]
        drafts = terms_of(evaluate, *split[0])
    else:
        weights, drafts = rest[:-1], [Draft(1.0, (), evaluate(*rest[-1]), rest[-1][0])]
    values = tuple(evaluate(*each) for each in weights)
    out = []
    for each in drafts:
        value = evaluate.make(ir.Mul, (*values, each.node)) if values else each.node
        if values and len(split) != 1:
            evaluate.context.arena.note(value, without_constants(node, [each for each, _ in rest]))
        out.append(
            replace(
                each,
                number=number * each.number,
                symbols=(*symbols, *each.symbols),
                node=value,
                weights=(*(tree_ for tree_, _ in weights), *each.weights),
            )
        )
    return out


def _are_vectors(evaluate: Evaluator, factors: Sequence[tuple[tree.Node, Scope]]) -> bool:
    """Are two factors beside a dot values with an event, of which it makes an inner product?"""
    plain = [each for each in factors if isinstance(each[0], tree.Div | tree.Symbol | tree.Call | tree.Func)]
    return len(plain) > 1 and sum(evaluate(*each).event != "number" for each in plain) == 2


def _matrix_terms(evaluate: Evaluator, node: tree.Mul, factors: tuple[tree.Node, ...], scope: Scope) -> list[Draft]:
    """A product of matrices and vectors is one term, behind the constants that it begins with."""
    number, symbols = 1.0, list[ir.Node]()
    rest = list(factors)
    while len(rest) > 1 and may_be_constant(rest[0]) and not has_matrices(evaluate.context, rest[0]):
        constant = as_constant(evaluate(rest[0], scope.under(node)))
        if constant is None:
            break
        number *= constant[0]
        symbols += constant[1]
        rest.pop(0)
    body = replace(node, factors=tuple(rest), ops=("",) * (len(rest) - 1)) if len(rest) > 1 else rest[0]
    return [Draft(number, tuple(symbols), evaluate(body, scope.under(node)), body)]


def _quotient_terms(
    evaluate: Evaluator, node: tree.Div, top: tree.Node, bottom: tree.Node, scope: Scope
) -> list[Draft]:
    below = evaluate(bottom, scope.under(node, False))
    constant = as_constant(below)
    if constant is None:
        return [Draft(1.0, (), evaluate(node, scope), node)]
    number, symbols = constant
    if number == 0:
        raise evaluate.context.refuse("F2D-0220", f"{node} divides by zero", bottom.span)
    one = evaluate.context.const(1)
    inverse = tuple(evaluate.make(ir.Div, one, each) for each in symbols)
    return [
        replace(each, number=each.number / number, symbols=(*inverse, *each.symbols))
        for each in terms_of(evaluate, top, scope.under(node))
    ]


def _splits(node: tree.Node) -> bool:
    return (
        isinstance(node, tree.Add | tree.Expect | tree.Neg | tree.Div | tree.Labelled)
        or (isinstance(node, tree.Big) and node.op == "sum")
        or (isinstance(node, tree.Func) and node.name in ("mean", "sum"))
    )


def _is_weight(node: tree.Node) -> bool:
    """Is this made of names alone, ``1 - e^{-2t}``, and a weight of the factors beside it, not a sum of costs?"""
    return may_be_constant(node) and not any(
        isinstance(each, tree.Prefix | tree.Func) and each.name in ("log", "H") for each in node.walk()
    )


def may_be_constant(node: tree.Node) -> bool:
    """Can this be built of numbers and hyperparameters alone? (A look at the syntax, to spare evaluating twice.)"""
    return not any(
        isinstance(each, tree.Expect | tree.Big | tree.Divergence | tree.Call | tree.Norm) for each in node.walk()
    )


def as_constant(node: ir.Node) -> tuple[float, tuple[ir.Node, ...]] | None:
    """A number times hyperparameters, or None if anything else is in it."""
    match node:
        case ir.Const(value):
            return float(value), ()
        case ir.Hyper() | ir.Size() | ir.Dimension():
            return 1.0, (node,)
        case ir.Neg(body):
            inner = as_constant(body)
            return None if inner is None else (-inner[0], inner[1])
        case ir.Mul(args):
            parts = [as_constant(each) for each in args]
            if any(part is None for part in parts):
                return None
            number, symbols = 1.0, list[ir.Node]()
            for part in parts:
                assert part is not None
                number *= part[0]
                symbols += part[1]
            return number, tuple(symbols)
        case ir.Div(ir.Const(a), ir.Const(b)) if b != 0:
            return a / b, ()
        case ir.Add() | ir.Div() | ir.Pow() | ir.Apply() if _only_scalars(node):
            return 1.0, (node,)
    return None


def _only_scalars(node: ir.Node) -> bool:
    return isinstance(node, ir.Const | ir.Hyper | ir.Size | ir.Dimension) or (
        isinstance(node, ir.Add | ir.Mul | ir.Div | ir.Pow | ir.Neg | ir.Apply)
        and all(_only_scalars(each) for each in node.children)
    )
