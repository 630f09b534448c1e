r"""Drawing from joints over steps: ``E_{q(z_{1:T}|x_{1:T})}[...]`` draws z at every step."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.names import Name, read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.densities.lookup import find_use
from formula2dgm.resolve.draws.drawing import samples_of
from formula2dgm.resolve.draws.estimated_draws import drawn_value, estimator_of
from formula2dgm.resolve.operators.bound import Bound
from formula2dgm.resolve.sequences.joints import Run
from formula2dgm.resolve.sequences.places import Offset
from formula2dgm.syntax import tree


def bind_runs(
    context: Context,
    runs: Sequence[Run],
    bound: Bound,
    scope: Scope,
    evaluate: Evaluate,
    written: tuple[Axis, ...] = (),
) -> None:
    """Draw the variables of a joint, each at all steps, those of one step in ancestral order; along ``written`` axes of
    samples, ``z_{1:T}^{1:K}``."""
    for name, parts in _in_order(context, _by_variable(context, runs)):
        law = _law(context, name, parts, scope.bind(bound.values), evaluate)
        span = parts[0].call.span
        choice = estimator_of(context, name, law, span, single=False)
        axes = written
        if not axes and (count := samples_of(context, name.id)) > 1:
            axes = (Axis("sample", name.id, count),)
            bound.averages += axes
        inner = _at_steps(context, scope.bind(bound.values))
        node = drawn_value(context, choice, name, law, axes, inner, evaluate, span)
        bound.values[name.id] = node
        bound.draws.append(node)


def _at_steps(context: Context, scope: Scope) -> Scope:
    """The scope in which every index of steps runs."""
    assert context.time is not None
    for each in sorted(context.time.indices):
        scope = scope.index(each, context.time.axis)
    return scope


def _by_variable(context: Context, runs: Sequence[Run]) -> dict[str, tuple[Name, list[Run]]]:
    found: dict[str, tuple[Name, list[Run]]] = {}
    for run in runs:
        (slot,) = run.call.args if len(run.call.args) == 1 else (None,)
        if not isinstance(slot, tree.Symbol):
            raise context.refuse(
                "F2D-0403",
                f"{run.call} draws several variables at once",
                run.call.span,
                "write it as a product of conditionals",
            )
        name = read_name(slot, context.model.indices)
        found.setdefault(name.id, (name, []))[1].append(run)
    return found


def _in_order(context: Context, found: dict[str, tuple[Name, list[Run]]]) -> list[tuple[Name, list[Run]]]:
    """The variables, each after those of the same step that it is given."""
    waiting, done = dict(found), list[tuple[Name, list[Run]]]()
    while waiting:
        free = (key for key, (_, runs) in waiting.items() if not _given(context, runs) & (waiting.keys() - {key}))
        done.append(waiting.pop(next(free, next(iter(waiting)))))
    return done


def _given(context: Context, runs: Sequence[Run]) -> set[str]:
    """The variables of the same step that densities are given."""
    time = context.time
    assert time is not None
    found = set()
    for symbol in (each for run in runs for given in run.call.given or () for each in given.walk()):
        if isinstance(symbol, tree.Symbol):
            name = read_name(symbol, context.model.indices)
            found |= {name.id for _, place in time.places(name) if isinstance(place, Offset) and place.by == 0}
    return found


def _law(context: Context, name: Name, runs: Sequence[Run], scope: Scope, evaluate: Evaluate) -> ir.Law:
    """The law of a variable at every step; at the first step that of a density which stands alone."""
    steps = [each for each in runs if each.product is not None]
    alone = [each for each in runs if each.product is None]
    if len(steps) != 1 or len(alone) > 1:
        raise context.refuse(
            "F2D-0307",
            f"{name.id} is drawn by {len(runs)} densities of the joint",
            runs[0].call.span,
            "write one for the first step, if need be, and one for all others",
        )
    law = law_of(context, find_use(context, steps[0].call), _at_steps(context, scope), evaluate)
    if not alone:
        return law
    first = law_of(context, find_use(context, alone[0].call), scope, evaluate)
    return joined(context, first, law, alone[0].call)


def joined(context: Context, first: ir.Law, rest: ir.Law, call: tree.Node) -> ir.Law:
    """One law that is ``first`` at the first step and ``rest`` at every other."""
    assert context.time is not None
    axis, make = context.time.axis, context.arena.make
    if first.family != rest.family or [key for key, _ in first.params] != [key for key, _ in rest.params]:
        raise context.refuse(
            "F2D-0424",
            f"{first.label} is {first.family} and {rest.label} is {rest.family}: a variable has one family",
            call.span,
            "declare both by one family",
        )
    pairs = zip(first.params, rest.params, strict=True)
    params = tuple((key, make(ir.FirstStep, one, other, axis)) for (key, one), (_, other) in pairs)
    shape = rest.shape if rest.shape is not None else first.shape
    return make(ir.Law, rest.label, rest.family, params, shape, rest.scalar, rest.options)
