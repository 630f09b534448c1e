"""Variables that a function without an inverse makes of a draw, ``x = G(z)``: drawn, where no density is known.

The joint is that of z and of x given z, which is certain; z is integrated out.
"""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.joints import Factor
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.factors import factor_of_law
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.transformed import chain_of_density, value_of_draw
from formula2dgm.resolve.flows.chained import is_transformed
from formula2dgm.resolve.flows.volumes import volumes
from formula2dgm.resolve.values.expressions import Evaluator
from formula2dgm.resolve.values.functions import turned
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


def source_without_inverse(context: Context, use: Use) -> tree.Call | None:
    """The density of what a function without an inverse is applied to; None where the function has one."""
    if not is_transformed(use.density) or use.density.declared is None:
        return None
    source = use.density.declared.body
    assert isinstance(source, tree.Call)
    steps = [step for link in chain_of_density(context, use.density).links for step in turned(link.steps)]
    return source if any(each.inverted and each.value and not each.value.invertible for each in steps) else None


def certain_factor(evaluate: Evaluator, use: Use, scope: Scope, span: Span) -> Factor:
    """The factor of x given z, as data, where z makes it certain."""
    context, name = evaluate.context, use.density.signature.variables[0]
    assert name is not None
    chain = chain_of_density(context, use.density)
    applied = {step.name.full for link in chain.links for step in link.steps}
    context.volumes = volumes(context) - applied  # no determinant is taken of what is not scored
    value = value_of_draw(context, evaluate, use.density, scope)
    label = f"p({name.id}|{chain.start})"
    law = context.arena.make(ir.Law, label, "Delta", (("loc", value),))
    return factor_of_law(evaluate, law, name.id, scope, span)
