"""Draws from a mixture over the data: of the batch, one from the density of each example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.aggregated import source_of
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.lookup import find_uses
from formula2dgm.resolve.operators.binder_items import names_in
from formula2dgm.resolve.operators.bound import Bound, draws_in
from formula2dgm.resolve.operators.independence import independent
from formula2dgm.syntax import tree

BindFactor = Callable[[Context, Use, Bound, Scope, Evaluate, tuple[Axis, ...]], None]


def bind_aggregated(
    context: Context,
    use: Use,
    bound: Bound,
    scope: Scope,
    evaluate: Evaluate,
    axes: tuple[Axis, ...],
    bind_factor: BindFactor,
) -> None:
    """Draw a mixture over the data from the density of each example; independent of what else the body reads."""
    own, given = _drawn(context, use, scope, evaluate, axes, bind_factor), names_in(context, _given(use))
    first = next(
        (each for each in bound.values.values() if any(_is_copy(each, one) for one in own.values.values())), None
    )
    if first is not None and len(own.values) == 1:
        (name,) = own.values
        bound.values[name] = independent(context, first, name, bound, scope, use.variables[0], second=True)
        return
    bound.averages += own.averages
    bound.enumerated += own.enumerated
    bound.draws += own.draws
    for name, value in own.values.items():
        if bound.beside or given & set(bound.values):
            value = independent(context, value, name, bound, scope, use.variables[0], site=f"{name}_other")
        bound.values[name] = value
    if not bound.beside:
        bound.batch = scope.batch


def _is_copy(one: ir.Node, other: ir.Node) -> bool:
    """Are the two draws of one law, or one value?"""
    return one is other or (isinstance(one, ir.Draw) and isinstance(other, ir.Draw) and one.law is other.law)


def _drawn(
    context: Context, use: Use, scope: Scope, evaluate: Evaluate, axes: tuple[Axis, ...], bind_factor: BindFactor
) -> Bound:
    """The draw of each example, whatever encloses it; of ``z = e(x)`` its value."""
    own, outside, source = Bound(), replace(scope, values={}), source_of(use)
    if isinstance(source, tree.Call):
        for each in find_uses(context, source):
            bind_factor(context, each, own, outside.bind(own.values), evaluate, axes)
        return own
    value = evaluate(source, outside)
    (variable,) = use.variables
    assert isinstance(variable, tree.Symbol)
    own.values[read_name(variable, context.model.indices).id] = value
    own.draws += draws_in(value)
    return own


def _given(use: Use) -> list[tree.Node]:
    source = source_of(use)
    return [symbol for each in source.children for symbol in each.walk()] if isinstance(source, tree.Call) else []
