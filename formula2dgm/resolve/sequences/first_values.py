r"""Values before the first step that a text draws: ``x_0 \sim N(0, I)`` beside ``x_k = f(x_{k-1})``.

What a recurrence defines is a value at each step, and what it starts from a variable of its own, ``x_0``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.names import Name, plain
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.scaffold.sizes import met_shape, state_shape
from formula2dgm.resolve.statements.definitions import Definition
from formula2dgm.resolve.statements.model import Drawn
from formula2dgm.syntax import tree


def named_apart(drawn: Mapping[str, Drawn], definitions: Mapping[str, Definition]) -> dict[str, Drawn]:
    """The draws of statements; those of one step of what a definition says are variables of their own."""
    found: dict[str, Drawn] = {}
    for key, each in drawn.items():
        number = next((item.text for item in each.index if isinstance(item, tree.Number)), None)
        if number is None or key not in definitions:
            found[key] = each
            continue
        name = replace(each.name, labels=(*each.name.labels, number), index=())
        found[name.id] = Drawn(name, (), each.density, each.span, of=key)
    return found


def first_value(context: Context, name: Name) -> Drawn | None:
    """The draw of what stands before the first step, ``x_0``; None for any other name."""
    numbers = [item.text for item in name.index if isinstance(item, tree.Number)]
    return context.model.drawn.get("_".join([name.id, *numbers])) if numbers else None


def steps_of_draws(context: Context, drawn: Drawn) -> dict[str, Axis]:
    """The indices of steps that a statement draws at: ``z_t \\sim N(0, I)`` is drawn anew at each."""
    time = context.time
    indices = time.indices if time is not None else frozenset()
    return {name: time.axis for each in drawn.index if (name := plain(each)) in indices and time and name}


def at_steps(context: Context, drawn: Drawn, law: ir.Law) -> ir.Law:
    """The law of what is drawn for a recurrence, noise of each step or a value before the first, in the shape that its
    values are said to have: each entry of a value is drawn by itself, ``U(-1, 1)`` too."""
    if law.shape is not None or (drawn.of is None and not steps_of_draws(context, drawn)):
        return law
    shape = state_shape(context, drawn.of) if drawn.of is not None else None
    shape = met_shape(context, drawn.name.id) if shape is None else shape
    scalar = law.scalar and (drawn.of is None or shape == ())
    if shape is None and scalar == law.scalar:
        return law
    if scalar != law.scalar:
        context.assume(f"each entry of {drawn.name.id} is drawn from {law.label} by itself", drawn.span)
    return context.arena.make(ir.Law, law.label, law.family, law.params, shape, scalar, law.options)
