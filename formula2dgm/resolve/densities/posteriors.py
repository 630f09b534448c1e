"""The posterior of a category, ``p(z|x) = p(x, z) / \\sum_z p(x, z)``: its logits are the joint's."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.cases import log_at_category
from formula2dgm.resolve.densities.experts import LawOf
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.lookup import find_uses
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree


def posterior_law(context: Context, declared: Declared, inner: Scope, evaluate: Evaluate, law_of: LawOf) -> ir.Law:
    """The law of z given x. ``inner`` binds what is given."""
    variable = declared.signature.variables[0]
    assert variable is not None and isinstance(declared.body, tree.Call)
    make = context.arena.make
    factors = find_uses(context, declared.body)
    prior = next(each for each in factors if variable.id in _own(each))
    law = law_of(context, prior, inner, evaluate)
    assert law.family == "Categorical", "a posterior is derived for categories only"
    axis = Axis("enumeration", f"{variable.id}_posterior")
    values = make(ir.Enumerated, law, axis)
    scope = inner.bind({variable.id: values})
    parts: list[ir.Node] = []
    for each in factors:
        if each is prior:
            parts.append(make(ir.LogProb, law, values))
        else:
            parts.append(_log_density(context, each, scope, evaluate, law_of))
    logits = make(ir.Stack, make(ir.Add, tuple(parts)), axis)
    context.assume(f"{declared.signature.label} is the posterior of {declared.body}, by Bayes' rule", declared.span)
    return make(ir.Law, declared.signature.label, "Categorical", (("logits", logits),), None, False, law.options)


def _log_density(context: Context, use: Use, scope: Scope, evaluate: Evaluate, law_of: LawOf) -> ir.Node:
    if use.density.cases:
        return log_at_category(context, use, scope, evaluate)
    value = evaluate(use.variables[0], scope)
    return context.arena.make(ir.LogProb, law_of(context, use, scope, evaluate), value)


def _own(use: Use) -> set[str]:
    return {each.id for each in use.density.signature.variables if each}
