r"""Densities that are written out, of which nothing says how they are drawn from: errors that show what to write."""

from __future__ import annotations

from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.finding import Density
from formula2dgm.resolve.densities.written_densities import is_written
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.resolve.statements.normalisers import UNNORMALISED
from formula2dgm.spans import Span


def refuse_undrawn(context: Context, density: Density, place: Span | None) -> None:
    """Refuse the law of a density that is the value of an expression."""
    if density.declared is not None and density.declared.kind == UNNORMALISED:
        raise context.refuse(
            "F2D-0482",
            f"{density.label} is known up to a constant, and nothing says how it is drawn from",
            place,
            f"write a chain that does, and its last step in place of the draw: {_chain_of(density.declared)}",
        )
    if is_written(density):
        raise context.refuse(
            "F2D-0321",
            f"{density.label} is written as an expression, and has no parameters of its own here",
            place,
            "score it, log p(x), or draw from it in an expectation, E_{p(x)}[...]",
        )


def _chain_of(declared: Declared) -> str:
    """The statements of a chain that draws from a density known up to a constant, for a hint."""
    signature = declared.signature
    name = signature.variables[0]
    x = rf"\tilde {name.letter}" if name is not None else r"\tilde x"
    given = "".join(f", {each.id}" for each in signature.given if each).replace(", ", "|", 1)
    density = f"{'_'.join((signature.head, *signature.group))}({x}_{{k-1}}{given})"
    slope = rf"\nabla_{{{x}_{{k-1}}}} \log {density}"
    step = rf"{x}_k = {x}_{{k-1}} + \frac{{\lambda}}{{2}} {slope} + \omega_k; \omega_k \sim N(0, \lambda I)"
    return rf"{step}; {x}_0 \sim N(0, I); K = 20; \lambda = 0.01"
