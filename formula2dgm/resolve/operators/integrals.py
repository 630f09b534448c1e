"""Integrals over a density: exact where the variable is finite or all is linear and Gaussian, else an expectation.

\\int p(x|z) p(z) dz       z a category: \\sum_z p(x|z) p(z)
                          p(z) = N(m, S), p(x|z) = N(A z + b, R):  N(x; A m + b, A S A^T + R)
\\int q(z|x) f(z) dz       E_{q(z|x)}[f(z)]
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.reading.names import plain
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.calculus.antiderivatives import definite
from formula2dgm.resolve.chains.gaussian import NORMAL, Elimination
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.densities.lookup import find_use
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator

#: Longer expressions are named by what they are over.
_LONGEST = 120

_HINT = "write its bound, or an average of draws: \\log \\frac1K \\sum_{k=1}^K p(x|z_k), z_{1:K} ~ p(z)"


def as_operator(evaluate: Evaluator, node: tree.Integral, scope: Scope) -> tree.Node:
    """The integral as a sum over a finite variable, or as an expectation."""
    context = evaluate.context
    density, rest = _weight(context, node)
    law = law_of(context, find_use(context, density), scope, evaluate)
    if registry.family(law.family).finite:
        return tree.Big("sum", node.variables, None, node.body, False, span=node.span)
    if not all(linear for _, linear in scope.path):
        raise context.refuse(
            "F2D-0212", f"{node} has no closed form, and a function of an estimate of it is biased", node.span, _HINT
        )
    written = str(node) if len(str(node)) <= _LONGEST else f"the integral over {node.variables[0]}"
    context.assume(f"{written} is the expectation under {density}, estimated at draws", node.span)
    return tree.Expect((density,), rest, span=node.span)


def between_numbers(evaluate: Evaluator, node: tree.Integral, scope: Scope) -> ir.Node | None:
    """``\\int_0^t \\beta(s) ds``: in closed form; None for an integral over all values."""
    context = evaluate.context
    name = plain(node.variables[0]) if len(node.variables) == 1 else None
    if node.lower is None or node.upper is None or name is None:
        return None
    below = scope.under(node, False)
    lower, upper = evaluate(node.lower, below), evaluate(node.upper, below)
    variable = context.arena.make(ir.Data, f"{name} of an integral", (), True)
    body = evaluate(node.body, below.bind({name: variable}))
    numbers = all(each.event == "number" for each in (lower, upper, body))
    found = definite(context.arena, body, variable, lower, upper) if numbers else None
    if found is None:
        raise context.refuse(
            "F2D-0212",
            f"no closed form is found for {node}",
            node.span,
            "write what it is, or what the integral is of by powers, exponentials, sines and cosines of numbers",
        )
    if any(isinstance(each, ir.Div) and _value(context, each.bottom) == 0 for each in walk(found)):
        raise context.refuse(
            "F2D-0220",
            f"the closed form of {node} divides by a number that is 0 here",
            node.span,
            "write the integral for that number",
        )
    return found


def _value(context: Context, node: ir.Node) -> float | None:
    """A number as the text and its bindings give it; None where it depends on anything else."""
    match node:
        case ir.Const(value):
            return value
        case ir.Hyper(name):
            known = context.hyperparameters.get(name)
            return None if known is None else known.default
        case ir.Neg(body):
            inner = _value(context, body)
            return None if inner is None else -inner
        case ir.Add(args) | ir.Mul(args):
            parts = [_value(context, each) for each in args]
            numbers = [each for each in parts if each is not None]
            if isinstance(node, ir.Mul) and 0 in numbers:
                return 0
            if len(numbers) < len(parts):
                return None
            return sum(numbers) if isinstance(node, ir.Add) else math.prod(numbers)
        case ir.Pow(base, _):
            return 0 if _value(context, base) == 0 else None
    return None


def _weight(context: Context, node: tree.Integral) -> tuple[tree.Call, tree.Node]:
    """The density over the variable of integration, and the other factors."""
    factors = node.body.factors if isinstance(node.body, tree.Mul) else (node.body,)
    names = [plain(each) for each in node.variables]
    if node.lower is not None or node.upper is not None or len(names) != 1 or names[0] is None:
        raise context.refuse(
            "F2D-0212", "only integrals over all values of one variable are computed", node.span, _HINT
        )
    own = [
        each
        for each in factors
        if isinstance(each, tree.Call) and is_density_call(each) and [plain(arg) for arg in each.args] == names
    ]
    if len(own) != 1:
        raise context.refuse(
            "F2D-0212", f"no density over {names[0]} stands under the integral, or several", node.span, _HINT
        )
    rest = tuple(each for each in factors if each is not own[0])
    one = tree.Number("1", span=node.span)
    body = one if not rest else rest[0] if len(rest) == 1 else tree.Mul(rest, ("",) * (len(rest) - 1), span=node.span)
    return own[0], body


def linear_gaussian(evaluate: Evaluator, node: tree.Integral, scope: Scope) -> ir.Node | None:
    """The logarithm of ``\\int p(x|z) p(z) dz`` where both densities are Normal and the mean is linear in z (see
    :mod:`formula2dgm.resolve.chains.gaussian`). None for anything else."""
    context, make = evaluate.context, evaluate.make
    density, rest = _weight(context, node)
    if not isinstance(rest, tree.Call) or not is_density_call(rest):
        return None
    prior = law_of(context, find_use(context, density), scope, evaluate)
    if prior.family not in NORMAL:
        return None
    variable = plain(node.variables[0])
    assert variable is not None
    use = find_use(context, rest)
    drawn, read = make(ir.Draw, prior, f"{variable} integrated"), make(ir.Data, variable, (scope.batch,))
    likelihood = law_of(context, use, scope.bind({variable: drawn}), evaluate)
    likelihood = rewrite(context.arena, likelihood, lambda each: read if each is drawn else each)  # type: ignore[assignment]
    shapes = {each.name: each.shape for each in context.parameters.values()}
    law = Elimination(context.arena, shapes).integrated(prior, likelihood, variable)
    if law is None or len(use.variables) != 1:
        return None
    context.assume(f"{node} is known in closed form: both densities are Normal, and the mean is linear", node.span)
    named = make(ir.Law, str(node), law.family, law.params, law.shape, law.scalar, law.options)
    return make(ir.LogProb, named, evaluate(use.variables[0], scope), origin=node)
