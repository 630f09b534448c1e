r"""The law of a chain's first state: a factor of its own, or what ``p(z_1|z_0)`` is where nothing says what z_0 is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import plain, read_name
from formula2dgm.reading.signature import is_density_call, read_signature
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.chains.factors import Factor
from formula2dgm.resolve.chains.paths import Paths, refused
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.class_weights import class_logits
from formula2dgm.resolve.densities.families import converted, family_law
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.densities.lookup import find_use
from formula2dgm.resolve.values.tables import unknown_values
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def first_law(
    evaluate: Evaluator, paths: Paths, alone: tuple[Factor, ...], moves: tuple[Factor, ...], scope: Scope
) -> tuple[tuple[Factor, ...], ir.Law]:
    """The factors of the first state alone, and its law; where the product of moves starts with the first state, the
    law of that one is among them."""
    context = evaluate.context
    start = paths.at(tree.Number(str(paths.start), span=paths.node.span))
    written = [each for each in alone if _over(each.node, start)]
    from_start = [each for each in moves if each.first == paths.start]
    if from_start and written:
        raise refused(
            context, paths, f"{start} has two laws: {written[0].node} and {from_start[0].node} at the first step"
        )
    if not written:
        written = [Factor(_of_first(context, paths, each, start)) for each in from_start]
        alone = (*alone, *written)
    if len(written) != 1:
        raise _missing(context, paths, start)
    law = _law(evaluate, written[0].node, start, scope)
    name = read_name(paths.state, context.model.indices)
    if not registry.family(law.family).finite and context.options.scaffold and name.id not in context.model.spaces:
        raise unknown_values(context, name.id, paths.state)
    if not registry.family(law.family).finite:
        raise context.refuse(
            "F2D-0410",
            f"{paths.whole} is summed, but {law.label} is not finite",
            paths.node.span,
            f"write an expectation over {paths.whole}",
        )
    return alone, law


def _over(node: tree.Node, start: tree.Symbol) -> bool:
    """Is this a density over the first state, or the weights that it chooses from, ``\\pi_{z_1}``?"""
    match node:
        case tree.Call():
            return start in node.args
        case tree.Symbol():
            return node.sub[-1:] == (start,)
    return False


def _law(evaluate: Evaluator, node: tree.Node, start: tree.Symbol, scope: Scope) -> ir.Law:
    context = evaluate.context
    if isinstance(node, tree.Symbol):
        weights = tree.Symbol(node.letter, node.accents, node.sub[:-1], node.sup, node.style, span=node.span)
        logits = class_logits(context, str(node), read_name(start, context.model.indices), weights)
        if logits is None:
            logits = converted(context, "class_logits_from_probs", evaluate(weights, scope))
        return evaluate.make(ir.Law, str(node), "Categorical", (("logits", logits),), None, False, ())
    assert isinstance(node, tree.Call)
    if is_written_family(node):
        return family_law(context, node, None, scope, evaluate)
    return law_of(context, find_use(context, node), scope, evaluate)


# -- p(z_1|z_0) ----------------------------------------------------------------------------------------


def _of_first(context: Context, paths: Paths, move: Factor, start: tree.Symbol) -> tree.Call:
    """``p(z_1)`` for what the product of ``p(z_t|z_{t-1})`` has at the first step."""
    known = next((each for each in _candidates(context, paths, move, start) if _knows(context, each)), None)
    if known is None and not context.options.scaffold:
        raise _missing(context, paths, start)
    found = known if known is not None else next(_candidates(context, paths, move, start))
    context.assume(f"{move.node} at the first step is {found}: there is no step before it", move.node.span)
    return found


def _candidates(context: Context, paths: Paths, move: Factor, start: tree.Symbol) -> Iterator[tree.Call]:
    """``p(z_1)``, and of ``p(z_t|z_{t-1}, u_t)`` that given the others, ``p(z_1|u_1)``."""
    call = move.node
    if not isinstance(call, tree.Call) or not call.args or paths.step_of(call.args[0]) is None:
        raise refused(context, paths, f"{call} reads a state before the first one")
    density = is_density_call(call) and not is_written_family(call)
    head = call.head if density else tree.Symbol("p", span=call.span)
    yield tree.Call(head, (start,), None, None, span=call.span)
    first = start.sub[-1]
    others = tuple(_at(each, move.index, first) for each in call.given or () if paths.step_of(each) is None)
    if density and others:
        yield tree.Call(head, (start,), others, None, span=call.span)


def _at(node: tree.Node, index: str | None, first: tree.Node) -> tree.Node:
    """What is read at every step, at the first one: ``u_1`` of ``u_t``."""
    if not isinstance(node, tree.Symbol):
        return node
    return replace(node, sub=tuple(first if plain(each) == index else each for each in node.sub))


def _knows(context: Context, call: tree.Call) -> bool:
    return context.densities.knows(read_signature(call, context.model.indices, context.model.parameters))


def _missing(context: Context, paths: Paths, start: tree.Symbol) -> Exception:
    return context.refuse(
        "F2D-0450",
        f"nothing says what {start} is drawn from: there is no state before it",
        paths.node.span,
        f"bind it, {{'p({start})': f2d.Categorical(logits=...)}}, or declare it: p({start}) = \\mathrm{{Cat}}(\\pi)",
    )
