r"""What a step carries to the next: draws that are read at ``t - 1``, and what ``h_t = f(h_{t-1}, x_t)`` defines.

What is read of the step before is known by a site before it is drawn or computed; once an objective is resolved, what
is carried and stands nowhere in its terms is evaluated, and goes with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import Name, read_name
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.definitions import Definition
from formula2dgm.resolve.families import Evaluate
from formula2dgm.resolve.scaffold_sizes import state_shape
from formula2dgm.resolve.scores_over_time import scored_over_time
from formula2dgm.resolve.timeline import Timeline, read_at_other_steps
from formula2dgm.resolve.windows import lengths
from formula2dgm.syntax import tree

T = TypeVar("T")
#: How often an objective is resolved again with the axes that carried values turned out to have.
_ATTEMPTS = 4


# -- reading -------------------------------------------------------------------------------------------


def carried_before(
    context: Context, name: Name, lag: int, axis: Axis, scope: Scope, symbol: tree.Symbol, evaluate: Evaluate
) -> ir.Node | None:
    """A drawn or carried variable ``lag`` steps ago; None for what is known at all steps without a recurrence."""
    drawn = _is_drawn(context, name, scope)
    if not drawn and not is_state(context, name.full):
        return None
    time = context.time
    assert time is not None
    key = name.id if drawn else name.full
    own = time.own.get(key, (scope.batch, axis))
    start = initial(context, name, symbol, scope, evaluate, lag)
    if time.open:
        start = context.arena.make(ir.Start, key, start)
    if drawn:
        context.assume(
            f"{name.id}_{{{axis.name}-1}} is the previous step's draw of {name.id}, its gradient kept", symbol.span
        )
    time.reads.setdefault(key, symbol)
    end = lengths(context, axis) if lag < 0 else None
    return context.arena.make(ir.Previous, site_of(context, key), axis, start, own, lag, end, origin=symbol)


def _is_drawn(context: Context, name: Name, scope: Scope) -> bool:
    """Is the variable drawn step by step?"""
    if name.id in context.model.definitions:
        return False
    value = scope.values.get(name.id)
    if value is not None:
        return any(isinstance(each, ir.Draw | ir.State) for each in (value, *value.children))
    return name.id in context.latent or name.id in context.model.drawn


def site_of(context: Context, key: str) -> str:
    """The site of a variable that is carried; of a draw the one that its next draw takes."""
    time = context.time
    assert time is not None
    if key not in time.sites:
        drawn = next(iter(time.drawn.get(key, ())), None)
        time.sites[key] = key if key in context.model.definitions else drawn or context.draws.reserve(key)
    return time.sites[key]


def carried_draw(context: Context, name: Name, node: ir.Draw, value: ir.Node) -> ir.Node:
    """The value of a draw at each step, under the site by which the step after reads it: the draw's own, or that of a
    state where an estimator makes something else of the draw."""
    time = context.time
    axis = next((each for each in node.axes if each.kind == "time"), None)
    if time is None or axis is None:
        return value
    if value is node:
        carried: ir.Draw | ir.State = node
    else:
        site = time.sites.get(name.id) or f"{node.site} value"
        carried = context.arena.make(ir.State, value, site, axis, node.law.shape)
        if value in context.scored:
            context.scored[carried] = context.scored[value]
        value = carried
    time.drawn.setdefault(name.id, {}).setdefault(carried.site)
    time.carried[carried.site] = carried
    return value


def initial(
    context: Context, name: Name, symbol: tree.Symbol, scope: Scope, evaluate: Evaluate, lag: int = 1
) -> ir.Node:
    """The value before the first step, or after the last: what the text says of it, else zero."""
    time = context.time
    assert time is not None
    if lag < 0:
        context.assume(f"{name.full}_{{T+1}} is zero", symbol.span)
        return context.const(0.0)
    number = str(time.start - 1)
    own = replace(symbol, sub=(tree.Number(number, span=symbol.span),), sup=())
    labels = tuple(each for each in symbol.sub if not any(each is item for item in name.index))
    own = replace(own, sub=(*labels, *own.sub))
    written = f"{name.full}_{number}"
    if written in context.model.definitions:
        with context.unfolding(written, context.model.definitions[written].span):
            outside = replace(scope, indices={k: v for k, v in scope.indices.items() if v.kind != "time"})
            return evaluate(context.model.definitions[written].body, outside)
    if written in scope.values:
        return scope.values[written]
    if context.named.find(Name(name.letter, name.accents, (*name.labels, number), name.group, name.style)) is not None:
        return evaluate(own, scope)
    context.assume(f"{written} is zero", symbol.span)
    return context.const(0.0)


# -- definitions ---------------------------------------------------------------------------------------


def is_state(context: Context, key: str) -> bool:
    """Is what a name defines carried from step to step: made of its own last value, or of a draw and read later?"""
    time, definition = context.time, context.model.definitions.get(key)
    if time is None or definition is None or not definition.index or definition.index[0] not in time.indices:
        return False
    through = reached(context, key)
    if key in through:
        return True
    return bool(through & (context.latent | context.model.drawn.keys())) and key in read_at_other_steps(context)


def reached(context: Context, key: str) -> frozenset[str]:
    """The names that a definition is made of, through others."""
    found: set[str] = set()
    waiting = [key]
    while waiting:
        body = context.model.definitions[waiting.pop()].body
        for each in (each for each in body.walk() if isinstance(each, tree.Symbol)):
            name = read_name(each, context.model.indices)
            for own in (name.full, name.id):
                if own not in found:
                    found.add(own)
                    if own in context.model.definitions:
                        waiting.append(own)
    return frozenset(found)


def state(context: Context, key: str, body: ir.Node, axis: Axis) -> ir.Node:
    """What a recurrence defines, at the present step."""
    time = context.time
    assert time is not None
    site = site_of(context, key)
    node = context.arena.make(ir.State, body, site, axis, state_shape(context, key))
    known = time.carried.setdefault(site, node)
    if known is not node:
        definition = context.model.definitions[key]
        raise context.refuse(
            "F2D-0423",
            f"{key} is made of different draws in different places of the objective",
            definition.span,
            "draw what it is made of in one expectation",
        )
    return node


# -- an objective --------------------------------------------------------------------------------------


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
    for _ in range(_ATTEMPTS):
        kept = context.model.drawn.keys()
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
    """The variables of which there is one draw at each step, with that draw."""
    found: dict[str, list[ir.Node]] = {}
    for each in walk(*roots, *time.carried.values()):
        if isinstance(each, ir.Draw | ir.State) and time.axis in each.axes:
            variable = each.site.removesuffix(" value").removesuffix(" generated").split("@")[0]
            found.setdefault(variable, []).append(each)
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
