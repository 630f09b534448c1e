"""Expectations and sums: what they bind, and the reductions that close them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.draws.common_draws import sums_examples
from formula2dgm.resolve.draws.scores import scored_below, with_scores
from formula2dgm.resolve.operators.binders import Bound, bind
from formula2dgm.resolve.operators.others import is_another, number_of_others
from formula2dgm.resolve.sequences.windows import in_window
from formula2dgm.resolve.values.entries import sum_entries
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


@dataclass(slots=True)
class Opened:
    """An operator whose body is about to be evaluated in ``scope``.

    reduces   what closes it, innermost first: (operation, axis)
    weights   laws whose probabilities weigh the body (exact expectations): (law, values)
    factor    a factor in front (the number of examples)
    entries   what is done to the entries of vectors: ``sum``, ``prod``
    factors   what the body is multiplied by: 1 where a condition on the indices holds, else 0
    bound     what an expectation bound, to see whether its body depends on any other batch
    span      where the operator stands
    drawn     the values that are drawn here: those with a score multiply it by what is closed
    window    the steps that a sum over time runs over: the first, and how many it leaves out at the end
    """

    scope: Scope
    reduces: list[tuple[str, Axis]] = field(default_factory=list)
    weights: list[tuple[ir.Law, ir.Node, Axis]] = field(default_factory=list)
    factor: ir.Node | None = None
    bound: Bound | None = None
    span: Span | None = None
    entries: str | None = None
    factors: list[ir.Node] = field(default_factory=list)
    drawn: list[ir.Node] = field(default_factory=list)
    window: tuple[int, int] = (1, 0)


def close(context: Context, opened: Opened, body: ir.Node, shares: Mapping[ir.Draw, float] | None = None) -> ir.Node:
    """Apply to a body what the operator does: weights, then reductions, scores, the number of examples in front.

    ``shares``: of a body that is one of several summands, its part in the constant baselines of scores.
    """
    refuse_unused_index(context, opened, (body,))
    body = reduce_body(context, opened, body, shares)
    return body if opened.factor is None else context.arena.make(ir.Mul, (opened.factor, body))


def refuse_unused_index(context: Context, opened: Opened, bodies: Sequence[ir.Node]) -> None:
    """A sum over k of what has no k, as in ``log 1/K sum_k p(x, z)``, is an index forgotten."""
    for operation, axis in opened.reduces:
        averaged = opened.bound is not None and axis in opened.bound.others
        if operation != "mean" and not averaged and not any(axis in body.axes for body in bodies):
            raise unused_index(context, operation, axis.name, opened.span)


def unused_index(context: Context, operation: str, name: str, span: Span | None) -> Refused:
    """The refusal of a sum that nothing under it depends on."""
    return context.refuse(
        "F2D-0408",
        f"nothing under this {SPOKEN[operation]} depends on {name}",
        span,
        f"index what is under it by {name}, or leave it out",
    )


def reduce_body(
    context: Context, opened: Opened, body: ir.Node, shares: Mapping[ir.Draw, float] | None = None
) -> ir.Node:
    """``close`` without the factors in front: the number of examples, and of repetitions."""
    make = context.arena.make
    if opened.entries is not None:
        body = sum_entries(context, body, opened.entries, opened.span)
    if opened.factors:
        body = make(ir.Mul, (*opened.factors, body))
    for law, values, axis in reversed(opened.weights):
        probability = make(ir.Apply, "exp", (make(ir.LogProb, law, values),))
        body = make(ir.Reduce, "sum", axis, make(ir.Mul, (probability, body)))
    for operation, axis in opened.reduces:
        if axis in body.axes:
            body = make(ir.Reduce, operation, axis, in_window(context, body, axis, opened.window))
    body = with_scores(context, scored_below(context, body, opened.drawn), body, shares)
    if opened.bound is not None:
        body = _average_plate(context, opened.bound, body)
    return body


def repetitions(context: Context, opened: Opened, term: ir.Node) -> tuple[ir.Node, ...]:
    """``sum_{m=1}^M (E_m - c)``: a term without the index counts M times. The sizes of the sums it is under."""
    sizes: list[ir.Node] = []
    for operation, axis in opened.reduces:
        if operation == "sum" and axis not in term.axes:
            if axis.of is not None:
                sizes.append(context.arena.make(ir.Size, axis.of))
            elif axis.size is None:
                refuse_unused_index(context, opened, (term,))
            elif isinstance(axis.size, str):
                sizes.append(context.arena.make(ir.Hyper, axis.size))
            else:
                sizes.append(context.const(axis.size))
    return tuple(sizes)


#: How a message calls the reduction of a big operator.
SPOKEN = {"sum": "sum", "prod": "product", "min": "minimum", "max": "maximum", "inf": "infimum", "sup": "supremum"}


def _average_plate(context: Context, bound: Bound, body: ir.Node) -> ir.Node:
    """A written data expectation averages its data set; so does one whose body depends on no batch but its own.

    Beside a value of the batch that is bound outside, the t of ``E_t[t E_{p_data(x)}[f(x, t)]]``, each example meets
    one value, and the operator that binds that one averages: a weight outside belongs to the same pair.
    """
    make = context.arena.make
    own = frozenset(bound.values.values())
    outside = (bound.outside | frozenset(context.statement_draws.values())) - frozenset(bound.draws) - own
    if bound.batch is not None:
        met = [each for each in walk(body) if each in outside and bound.batch in each.axes]
        if met and (bound.nonlinear or any(isinstance(each, ir.Data) and each in own for each in walk(*met))):
            raise context.refuse(
                "F2D-0417",
                "this average over the data pairs each example with one value that is bound outside of it, where the "
                "mean over all pairs is meant",
                next((each.span for each in context.arena.origins(body)), None),
                "average over other examples, E_{p_data(x')}[... x' ...], or bind both in one bracket: E_{p(x) p(y)}",
            )
        return body if met or bound.batch not in body.axes else make(ir.Reduce, "mean", bound.batch, body)
    plates = [axis for axis in body.axes if axis.kind == "batch"]
    if plates and bound.draws and not _depends_on_batch((body, *bound.draws), outside):
        body = make(ir.Reduce, "mean", plates[0], body)
    return body


def _depends_on_batch(nodes: tuple[ir.Node, ...], outside: frozenset[ir.Node]) -> bool:
    """Does any of the nodes depend on data, or on a random value that is bound outside the bracket?"""
    return any(
        isinstance(each, ir.Data) or (each in outside and any(axis.kind == "batch" for axis in each.axes))
        for each in walk(*nodes)
    )


# -- expectations --------------------------------------------------------------------------------------


def open_expectation(context: Context, node: tree.Expect, scope: Scope, evaluate: Evaluate) -> Opened:
    """Bind what the subscript binds."""
    below = scope.under(node)
    below = replace(below, common=scope.common or sums_examples(context, node.body))
    bound = bind(context, node.binders, below, evaluate, node.body)
    bound.outside = frozenset(scope.values.values())
    for each in (each for each in node.given or () if isinstance(each, tree.Binds | tree.Relates)):
        context.assume(f"the data are those of {each}: nothing selects them", each.span)
    if not node.binders and bound.nonlinear:
        bound.batch = scope.batch
        context.assume(f"{node} does not say over what: it is the mean over the data", node.span)
    inner = below.bind(bound.values)
    reduces = [("sum", axis) for axis in bound.others] + [("mean", axis) for axis in bound.averages]
    opened = Opened(inner, reduces, list(bound.enumerated), None, bound, drawn=bound.draws)
    _average_others(context, opened, bound.others)
    return opened


def _average_others(context: Context, opened: Opened, others: Sequence[Axis]) -> None:
    """What is independent of the example is averaged over all others: n - 1 of them."""
    make = context.arena.make
    for axis in others:
        opened.factors.append(is_another(context, axis))
        share = make(ir.Div, context.const(1), number_of_others(context, opened.scope.batch))
        opened.factor = share if opened.factor is None else make(ir.Mul, (opened.factor, share))
