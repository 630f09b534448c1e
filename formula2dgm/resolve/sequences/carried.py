r"""An objective with all that its steps carry: what is read at other steps and stands nowhere at the present one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.sequences.scores_over_time import scored_over_time
from formula2dgm.resolve.sequences.timeline import Timeline
from formula2dgm.resolve.statements.definitions import Definition
from formula2dgm.syntax import tree

T = TypeVar("T")
#: How often an objective is resolved again with the axes that carried values turned out to have.
_ATTEMPTS = 4


def with_recurrences(
    context: Context,
    member: tree.Node,
    scope: Scope,
    evaluate: Evaluate,
    resolve: Callable[[], Sequence[T]],
    node_of: Callable[[T], ir.Node],
    bind_draws: Callable[[str, Scope], None],
) -> list[tuple[T, ir.Node]]:
    """The terms of an objective, each with its node and all that its steps carry. ``resolve`` makes them, and
    ``bind_draws`` draws a variable from the left side of a divergence."""
    time = context.time
    if time is None:
        return [(each, node_of(each)) for each in resolve()]
    time.own = {}
    kept = context.model.drawn.keys()
    for _ in range(_ATTEMPTS):
        time.sites = {key: site for key, site in time.sites.items() if key in kept}
        time.carried = {site: node for site, node in time.carried.items() if site in time.sites.values()}
        time.drawn = {key: sites for key, sites in time.drawn.items() if key in kept}
        terms = resolve()
        roots = [node_of(each) for each in terms]
        _evaluate_carried(context, time, scope, evaluate, roots, bind_draws)
        _refuse_two_draws(context, time)
        own = {key: time.carried[site].axes for key, site in time.sites.items() if site in time.carried}
        if not _differs(time, own, roots):
            roots = scored_over_time(context, roots)
            drawn = _optional_draws(context, time, roots)
            roots = [_carrying(context, time, _averaged(context, each, drawn)) for each in roots]
            return list(zip(terms, roots, strict=True))
        time.own = own
    raise context.refuse("F2D-0423", "what the steps carry has no axes that agree", member.span)


def _differs(time: Timeline, own: dict[str, tuple[Axis, ...]], roots: Sequence[ir.Node]) -> bool:
    sites = {time.sites[key]: axes for key, axes in own.items()}
    read = (each for each in walk(*roots, *time.carried.values()) if isinstance(each, ir.Previous))
    return any(set(each.own) != set(sites.get(each.site, each.own)) for each in read)


def _missing(time: Timeline, roots: Sequence[ir.Node]) -> list[str]:
    """The sites that are read and not known."""
    read = {each.site for each in walk(*roots, *time.carried.values()) if isinstance(each, ir.Previous)}
    return sorted(read - time.carried.keys())


def carry_all(context: Context, scope: Scope, evaluate: Evaluate, roots: Sequence[ir.Node]) -> frozenset[str]:
    """Compute what the roots read at other steps and nothing has computed; the sites of all that is carried."""
    time = context.time
    assert time is not None

    def nothing(key: str, inner: Scope) -> None:
        raise Refused(f"nothing draws {key}")

    _evaluate_carried(context, time, scope, evaluate, roots, nothing)
    return frozenset(time.carried)


def _evaluate_carried(
    context: Context,
    time: Timeline,
    scope: Scope,
    evaluate: Evaluate,
    roots: Sequence[ir.Node],
    bind_draws: Callable[[str, Scope], None],
) -> None:
    """Draw and compute what is read at other steps and stands nowhere at the present one."""
    while missing := _missing(time, roots):
        keys = {site: key for key, site in time.sites.items()}
        inner = replace(scope.bind(_drawn_once(time, roots)), indices=dict.fromkeys(time.indices, time.axis))
        draws = [site for site in missing if keys[site] not in context.model.definitions]
        site = (draws or missing)[0]
        key = keys[site]
        if key in context.model.definitions:
            definition = context.model.definitions[key]
            evaluate(_at_present(definition, time), inner)
        else:
            bind_draws(key, inner)
        if site not in time.carried:
            raise context.refuse(
                "F2D-0205",
                f"{time.reads[key]} is the step before of {key}, which nothing draws here",
                time.reads[key].span,
                f"write the expectation over {key}: E_{{q({key}_t|...)}}[...]",
            )


def _refuse_two_draws(context: Context, time: Timeline) -> None:
    """A variable of which the step before is read, and that is drawn more than once at each step."""
    for key, site in time.sites.items():
        others = [each for each in time.drawn.get(key, {}) if each != site]
        if others:
            symbol = time.reads[key]
            raise context.refuse(
                "F2D-0423",
                f"{symbol} is the step before of {key}, which is drawn more than once at each step",
                symbol.span,
                f"read {key} in one expectation: E_{{q({key}_{{1:T}}|x_{{1:T}})}}[...]",
            )


def _drawn_once(time: Timeline, roots: Sequence[ir.Node]) -> dict[str, ir.Node]:
    """The variables of which there is one draw at each step, with that draw, or with what an estimator makes of it."""
    found: dict[str, list[ir.Node]] = {}
    for each in walk(*roots, *time.carried.values()):
        if isinstance(each, ir.Draw | ir.State) and time.axis in each.axes:
            variable = each.site.removesuffix(" value").removesuffix(" generated").split("@")[0]
            found.setdefault(variable, []).append(each)
    for draws in found.values():
        made = {below for each in draws if isinstance(each, ir.State) for below in walk(each.body)}
        draws[:] = [each for each in draws if each not in made]
    return {variable: draws[0] for variable, draws in found.items() if len(draws) == 1}


def _at_present(definition: Definition, time: Timeline) -> tree.Symbol:
    name = definition.name
    return tree.Symbol(
        name.letter,
        name.accents,
        (*(tree.Symbol(each, span=definition.span) for each in (*name.labels, *name.group)), *name.index),
        (),
        name.style,
        span=definition.span,
    )


def _optional_draws(context: Context, time: Timeline, roots: Sequence[ir.Node]) -> frozenset[Axis]:
    """The axes along which the option ``samples`` draws at each step."""
    nodes = (each for each in walk(*roots, *time.carried.values()) if isinstance(each, ir.Draw))
    drawn = (axis for each in nodes if time.axis in each.axes for axis in each.own)
    return frozenset(drawn) - frozenset(context.sample_axes.values())


def _averaged(context: Context, node: ir.Node, drawn: frozenset[Axis]) -> ir.Node:
    """The mean over the draws that the option ``samples`` asks for, of a term that reads them at the step before."""
    for axis in [axis for axis in node.axes if axis.kind == "sample" and axis in drawn]:
        node = context.arena.make(ir.Reduce, "mean", axis, node)
    return node


def _carrying(context: Context, time: Timeline, node: ir.Node) -> ir.Node:
    """The node with what its steps read and it does not hold."""
    needed: list[ir.Node] = []
    while True:
        there = set(walk(node, *needed))
        sites = sorted({each.site for each in there if isinstance(each, ir.Previous)})
        known = {each.site for each in there if isinstance(each, ir.Draw | ir.State)}
        more = [time.carried[site] for site in sites if site not in known]
        if not more:
            return context.arena.make(ir.Carrying, node, tuple(needed)) if needed else node
        needed += more
