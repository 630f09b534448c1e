r"""States whose paths are summed out, as the data up to a step know them: ``p(z_t|x_{1:t})``."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.sequences.windows import lengths


def filtered(context: Context, chain: ir.ChainSum | ir.LinearChain) -> tuple[str, ir.Node] | None:
    """The state of a chain at the last step, drawn from what all steps say of it, and its name; None for a state of
    several variables at once."""
    make, ends = context.arena.make, lengths(context, chain.time)
    if isinstance(chain, ir.LinearChain):
        found = make(ir.LinearFilter, chain)
        parts = {"loc": make(ir.Filtered, found, "mean"), "scale_tril": make(ir.Filtered, found, "root")}
        last = tuple((key, make(ir.AtStep, each, chain.time, 0, ends)) for key, each in parts.items())
        law = make(ir.Law, f"p({chain.state}|x)", "MultivariateNormal", last)
        drawn = make(ir.Draw, law, f"{chain.state} filtered")
        one = chain.motion.scalar or chain.motion.shape == ()
        return chain.state, make(ir.Component, drawn, 1) if one else drawn
    state = next(each for each in walk(chain) if isinstance(each, ir.Enumerated) and each.axis == chain.current)
    if state.law.family != "Categorical":
        return None
    logits = make(ir.AtStep, make(ir.ChainFilter, chain), chain.time, 0, ends)
    params = (("logits", make(ir.Stack, logits, chain.current)),)
    law = make(ir.Law, f"p({chain.current.name}|x)", "Categorical", params, (), False, state.law.options)
    return chain.current.name, make(ir.Draw, law, f"{chain.current.name} filtered")
