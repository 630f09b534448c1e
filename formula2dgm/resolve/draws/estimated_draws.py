"""A draw with the estimator of its gradient: the value that the body reads, and what the estimator adds to it."""

from __future__ import annotations

import math

from formula2dgm import registry
from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import values_of
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import rewrite
from formula2dgm.reading.names import Name, read_name
from formula2dgm.registry.estimators import RELAXATIONS, Choice, Chosen, Relaxed, Score, meaning_of
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.draws.drawing import draw
from formula2dgm.resolve.draws.estimators import carries_gradient, choose, listing
from formula2dgm.resolve.draws.scores import ScoredDraw, detached
from formula2dgm.resolve.sequences.later import reaches_later_steps
from formula2dgm.resolve.sequences.recurrences import carried_draw
from formula2dgm.resolve.statements.settle import settle
from formula2dgm.spans import Source, Span
from formula2dgm.syntax import parse_one, tree

#: The most values that a finite variable is summed over (:mod:`formula2dgm.library.enumeration` has the same).
LARGEST_SUM = 65536


def estimator_of(context: Context, name: Name, law: ir.Law, span: Span, single: bool) -> Chosen:
    """The estimator of a variable's draw from a law; ``single``: it is drawn once, by an expectation."""
    model = context.model
    chosen = context.estimators.chosen(name, law.label, frozenset(model.indices), frozenset(model.parameters))
    if chosen is None and name.id in model.indices.positions and not carries_gradient(law):
        context.assume(f"the step {name.id} is drawn, and not summed over", span)
        return Choice("pathwise")
    choice = choose(chosen, law, single)
    if choice is not None and choice.name == "enumerate" and _is_too_large(law):
        raise context.refuse(
            "F2D-0404",
            f"{name.id} is a vector of {math.prod(law.shape or ())} entries, and all its values, the products of "
            "theirs, are too many to be summed over",
            span,
            f"estimate its gradient: estimators={{{name.id!r}: 'score'}}, or --estimator {name.id}=score, draws it",
        )
    if choice is not None and choice.name == "enumerate" and name.full in reaches_later_steps(context):
        raise context.refuse(
            "F2D-0404",
            f"other steps depend on {name.id}: an expectation at one step cannot sum over its values",
            span,
            f"say how its gradient is estimated, one of {listing(law, name.id, False)}; or sum over all paths, "
            f"\\log \\sum_{{{name.id}_{{1:T}}}} ...",
        )
    if choice is not None:
        return choice
    if chosen is None:
        raise context.refuse(
            "F2D-0404",
            f"no gradient passes through a draw of {name.id}: {law.label} is {law.family}, and what it learns would "
            "silently miss it",
            span,
            f"say how it is estimated, one of {listing(law, name.id, single)}{_sum_instead(name, law, single)}",
        )
    once = f", and {name.id} is drawn once in no expectation of its own" if chosen.name == "enumerate" else ""
    raise context.refuse(
        "F2D-0430",
        f"the estimator {chosen.name!r}, {meaning_of(chosen)}, does not fit {name.id}: {law.label} is "
        f"{law.family}{once}",
        span,
        f"choose one of {listing(law, name.id, single)}",
    )


def _is_too_large(law: ir.Law) -> bool:
    """Has a vector of categories, of at least two values each, more values than are summed over?"""
    return registry.family(law.family).elementwise and 2 ** math.prod(law.shape or ()) > LARGEST_SUM


def _sum_instead(name: Name, law: ir.Law, single: bool) -> str:
    """A finite variable that a statement or several draws bind can be summed over by an expectation."""
    if single or not registry.family(law.family).finite:
        return ""
    return f"; or write one expectation, E_{{{name.id} ~ {law.label}}}[...], which sums over all values of {name.id}"


def drawn_value(
    context: Context,
    choice: Chosen,
    name: Name,
    law: ir.Law,
    axes: tuple[Axis, ...],
    scope: Scope,
    evaluate: Evaluate,
    span: Span,
) -> ir.Node:
    """The value of a variable drawn from a law, its gradient estimated as chosen."""
    match choice:
        case Score(baseline):
            pathwise = registry.family(law.family).pathwise
            node = draw(context, name, law, axes, scope, carries=not pathwise)
            assert isinstance(node, ir.Draw)
            value = detached(context, node)
            context.scored[value] = ScoredDraw(node, _baseline(context, baseline, scope, evaluate, span), span)
            context.assume(
                f"the gradient of {name.id} ~ {law.label} is its score function's; each term multiplies the scores of "
                f"those draws alone that it depends on{_said(baseline)}",
                span,
            )
        case Relaxed():
            relaxed = _relaxed_law(context, name, law, choice, scope, evaluate, span)
            node = value = draw(context, name, relaxed, axes, scope)
            context.relaxed[value] = choice
            context.assume(
                f"{name.id} is drawn from the relaxation of {law.label} at temperature {choice.temperature}: its "
                "values lie between the categories",
                span,
            )
        case _ if choice.name == "straight-through":
            _need_one_hot(context, name, law, choice.name, span)
            node = draw(context, name, law, axes, scope, carries=False)
            make = context.arena.make
            assert isinstance(node, ir.Draw)
            mean = make(ir.Moment, node.law, "mean")
            value = make(ir.Add, (node, make(ir.Add, (mean, make(ir.Neg, make(ir.StopGrad, mean))))))
            context.relaxed[value] = choice
            context.assume(
                f"{name.id} is a draw from {law.label} forward and its mean backward (straight-through): the gradient "
                "is biased",
                span,
            )
        case _:
            node = value = draw(context, name, law, axes, scope)
    assert isinstance(node, ir.Draw)
    learned = registry.family(law.family).pathwise or choice.name != "pathwise"
    context.estimators.of_sites[node.site] = choice.name if learned else "detached"
    return carried_draw(context, name, node, value)


# -- baselines -----------------------------------------------------------------------------------------


def _baseline(
    context: Context, baseline: str | float | None, scope: Scope, evaluate: Evaluate, span: Span
) -> str | ir.Node | None:
    """A baseline as the scores need it: ``leave-one-out``, ``batch``, or the node of a number or a formula."""
    if baseline in (None, "leave-one-out", "batch"):
        return baseline
    if not isinstance(baseline, str):
        assert baseline is not None
        return context.const(baseline)
    node = _formula(context, baseline, "baseline", scope, evaluate)
    if node.event == "value":
        raise context.refuse(
            "F2D-0432", f"the baseline {baseline} is not one number for each example", span, "bind a network of numbers"
        )
    return node


def _said(baseline: str | float | None) -> str:
    texts = {"leave-one-out": "; the mean cost of its other draws is the baseline"}
    texts["batch"] = "; the mean cost of the other examples is the baseline"
    return "" if baseline is None else texts.get(str(baseline), f"; {baseline} is the baseline, untrained by it")


def _formula(context: Context, text: str, what: str, scope: Scope, evaluate: Evaluate) -> ir.Node:
    """The value of a formula that an option gives."""
    try:
        parsed = parse_one(Source(text, f"{what} {text!r}"))
    except FormulaError as error:
        context.found.extend(error.diagnostics)
        raise context.refuse("F2D-0432", f"the {what} {text!r} cannot be read", None) from None
    indices = context.model.indices

    def is_scalar(head: tree.Node) -> bool:
        return not (isinstance(head, tree.Symbol) and context.named.is_network(read_name(head, indices, head=True)))

    return evaluate(settle(parsed, is_scalar), scope)


# -- relaxations ---------------------------------------------------------------------------------------


def _relaxed_law(
    context: Context, name: Name, law: ir.Law, choice: Relaxed, scope: Scope, evaluate: Evaluate, span: Span
) -> ir.Law:
    """The continuous relaxation of a discrete law, at the chosen temperature."""
    _need_one_hot(context, name, law, choice.name, span)
    if isinstance(choice.temperature, str):
        temperature = _formula(context, choice.temperature, "temperature", scope, evaluate)
    else:
        temperature = context.const(choice.temperature)
    return relaxed(context, law, temperature)


def relaxed(context: Context, law: ir.Law, temperature: ir.Node) -> ir.Law:
    """The relaxation of a law; of a relaxation that is told apart by its temperature alone, itself."""
    family = RELAXATIONS[law.family]
    params = (("temperature", temperature), *law.params)
    return context.arena.make(ir.Law, law.label, family, params, law.shape, law.scalar, ())


def _need_one_hot(context: Context, name: Name, law: ir.Law, estimator: str, span: Span) -> None:
    if law.family == "Categorical" and not {"one_hot", "soft"} & {key for key, value in law.options if value}:
        raise context.refuse(
            "F2D-0435",
            f"{estimator!r} needs one-hot values, and {name.id} ~ {law.label} is the number of a category",
            span,
            "bind f2d.Categorical(net, one_hot=True), also for the other densities over it: the networks then read a "
            "vector of the classes",
        )


def settle_relaxed(context: Context, node: ir.Node) -> ir.Node:
    """The node with the log-densities of relaxed variables as the estimator wants them."""
    if not context.relaxed:
        return node
    make = context.arena.make

    def changed(each: ir.Node) -> ir.Node:
        if not isinstance(each, ir.LogProb) or each.law.family not in RELAXATIONS:
            return each
        choice = context.relaxed.get(each.value)
        if choice is None:
            return each
        if isinstance(choice, Relaxed) and choice.densities is None:
            raise _log_density_of_relaxed(context, each)
        if isinstance(choice, Relaxed) and choice.densities == "relaxed":
            assert isinstance(each.value, ir.Draw)
            law = relaxed(context, each.law, dict(each.value.law.params)["temperature"])
        else:
            law = make(ir.Law, *values_of(each.law)[:-1], (("soft", True),))
        return context.arena.inherit(make(ir.LogProb, law, each.value), each)

    return rewrite(context.arena, node, changed)


def _log_density_of_relaxed(context: Context, node: ir.LogProb) -> Exception:
    assert isinstance(node.value, ir.Draw)
    variable = node.value.site.split("@")[0]
    places = [each.span for each in context.arena.origins(node)]
    return context.refuse(
        "F2D-0433",
        f"log {node.law.label} stands at a relaxed value of {variable}, where {node.law.label} has no probability",
        places[0] if places else None,
        f'write the term as a divergence, KL[...], which is of the categories; or choose estimators={{"{variable}": '
        'f2d.Relaxed(densities="relaxed")} for the density of the relaxation, densities="mass" for the mass function '
        "extended linearly",
    )
