"""What later steps depend on: the names that they read, and all that the definitions among these are made of."""

from __future__ import annotations

from formula2dgm.resolve.context import Context
from formula2dgm.resolve.sequences.recurrences import reached
from formula2dgm.resolve.sequences.timeline import read_at_other_steps


def reaches_later_steps(context: Context) -> frozenset[str]:
    """The names whose value at a step others depend on: z of ``h_t = f(h_{t-1}, z_t)`` is one, where only h is read."""
    read = read_at_other_steps(context)
    made = [reached(context, each) for each in read if each in context.model.definitions]
    return read.union(*made)
