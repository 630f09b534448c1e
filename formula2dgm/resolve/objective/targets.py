"""Targets of the program: what follows what, and by which number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.bindings import TensorValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Parameter
from formula2dgm.ir.targets import Target
from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.objective.terms import as_constant
from formula2dgm.resolve.statements.named import NamedValues
from formula2dgm.resolve.values.averages import Average
from formula2dgm.syntax import tree

#: The decay of a statement that names none.
DECAY = 0.999


def _targets(context: Context, evaluate: Evaluate, scope: Scope) -> tuple[Target, ...]:
    """All targets, with the numbers by which they follow; an average that nothing is written with is a warning."""
    found = []
    for average in context.averages:
        own = {name: each.of for name, each in context.followed.items() if each.average is average}
        if not own:
            said = f"nothing in the formula has the parameters {average.own}, which are to follow {average.of}"
            context.found.warning("F2D-0706", said, average.span, f"write f_{{{average.own}}}(x), or leave it out")
            continue
        decay = _decay(context, average, evaluate, scope)
        written = DECAY if average.decay is None else average.decay
        said = f"{average.own} is a moving average of {average.of}, decay {written}"
        context.assume(f"{said}: a copy at the start, moved after each step, buffers copied", average.span)
        found += [Target(_copy(context, name, of), of, decay, average.span) for name, of in own.items()]
    return tuple(found)


def follow_tensors(named: NamedValues, averages: Sequence[Average]) -> None:
    """Let the average of a bound tensor be a name of the same shape: ``\\bar W`` beside W."""
    for each in averages:
        own, of = (read_name(symbol, frozenset(), head=True) for symbol in (each.own, each.of))
        bound = named.find(of)
        if bound is not None and isinstance(bound.value, TensorValue):
            named.values[own.full], named.names[own.full] = bound, own


def _copy(context: Context, name: str, of: str) -> Network | Parameter:
    """What is followed, under the copy's name."""
    owner: Network | Parameter = context.networks[of] if of in context.networks else context.parameters[of]
    return replace(owner, name=name, label=f"EMA({owner.label})", binding=None)


def _decay(context: Context, average: Average, evaluate: Evaluate, scope: Scope) -> ir.Node:
    """A number, or one made of hyperparameters."""
    if average.decay is None:
        context.assume(f"the decay of the moving average {average.own} is {DECAY}", average.span)
        return context.const(DECAY)
    if not isinstance(average.decay, tree.Node):
        return context.const(average.decay)
    value = evaluate(average.decay, scope)
    if as_constant(value) is None:
        said = f"the decay of the moving average {average.own} is no number: {average.decay}"
        raise context.refuse("F2D-0721", said, average.decay.span, "write a number, or a hyperparameter")
    return value


def close_targets(context: Context, evaluate: Evaluate, scope: Scope) -> None:
    """Enter all targets, once everything is evaluated."""
    try:
        context.targets = _targets(context, evaluate, scope)
    except Refused:
        context.found.raise_errors()
        raise
