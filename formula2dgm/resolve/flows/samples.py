r"""Samples where a formula writes the log-density along a path out: ``\log p(z(t_0)) - \int tr(...) dt``, x = z(t_1).

What is scored is the state where the path ends, and the path begins in data: drawn there, and followed backwards, it
is data.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import walk
from formula2dgm.ir.turned import drawn_back
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.draws.ancestral import is_sized
from formula2dgm.resolve.values.shapes import shape_of

SAMPLES = Axis("batch", "samples")


def followed_back(context: Context, objectives: Sequence[Objective]) -> tuple[tuple[str, ir.Node], ...]:
    """The data that paths from them are scored at the end of, made of draws; ``()`` where there are none."""
    found: dict[str, ir.Node] = {}
    arena = context.arena
    for node in walk(*(term.node for each in objectives for term in each.terms)):
        match node:
            case ir.LogProb(law, ir.Solution(state=ir.PathPoint(start=ir.Data(name))) as path) if name not in found:
                pass
            case _:
                continue
        shape = shape_of(context, path)
        if law.shape is None and not law.scalar and isinstance(shape, tuple):
            law = arena.make(ir.Law, law.label, law.family, law.params, shape, law.scalar, law.options)
        if any(isinstance(each, ir.Data) for each in walk(law)) or not is_sized(law):
            continue
        site = f"{arena.title(path) or f'{name}_base'} generated"
        start = arena.make(ir.Draw, law, site, (SAMPLES,), 0)
        made = drawn_back(arena, path, start, lambda each: _again(arena, each))
        if any(isinstance(each, ir.Data) for each in walk(made)):
            continue  # what the equation is given
        found[name] = arena.entitle(made, name)
        context.assume(f"sample draws {law.label}, and follows its path backwards to {name}")
    return tuple(found.items())


def _again(arena: Arena, draw: ir.Draw) -> ir.Node:
    """What the equation draws, for every sample."""
    return arena.make(ir.Draw, draw.law, f"{draw.site} generated", (SAMPLES,), 0)
