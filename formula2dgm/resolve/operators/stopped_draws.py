r"""Draws through which no gradient reaches the density: ``E_{z \sim \mathrm{sg}[q(z|x)]}[f(z)]``."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.aggregated import is_aggregated
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.lookup import find_uses
from formula2dgm.resolve.flows.chained import is_transformed
from formula2dgm.resolve.sequences.joints import runs_of
from formula2dgm.syntax import tree


def stopped_uses(context: Context, source: tree.Node) -> list[Use]:
    """The factors of a density that is drawn from and gets no gradient."""
    call = density_drawn(context, source)
    uses: list[Use] = []
    if not is_written_family(call) and runs_of(context, call) is None:
        uses = find_uses(context, call)
    if not uses or any(is_aggregated(each.density) or is_transformed(each.density) for each in uses):
        raise context.refuse(
            "F2D-0583",
            f"no gradient is stopped at {call}: it is not one density of the text, bound or declared",
            source.span,
            "stop it at the value that is drawn: sg[z]",
        )
    return [replace(each, stopped=True) for each in uses]


def density_drawn(context: Context, source: tree.Node) -> tree.Call:
    """What is drawn from, where that is the call of a density."""
    if not isinstance(source, tree.Call):
        raise context.refuse("F2D-0401", f"{source} is no density to draw from", source.span)
    return source
