r"""A mean that a ratio of densities weighs: ``E[\frac{\pi_\theta(a|s)}{\pi_{old}(a|s)} A]``.

What is weighed may be a gain, as here, or a cost, so that such a mean that is called L says nothing of its direction;
with a minus in front, it is a loss.
"""

from __future__ import annotations

from formula2dgm.reading.polarity import Known
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def weighs_by_ratio(node: tree.Node, known: Known, positive: bool = True) -> bool:
    """Does a ratio of densities, outside a logarithm, enter an expression with a plus?"""

    def any_of(*nodes: tree.Node) -> bool:
        return any(weighs_by_ratio(each, known, positive) for each in nodes)

    match node:
        case tree.Neg(body):
            return weighs_by_ratio(body, known, not positive)
        case tree.Div(top, bottom) if _is_density(top, known) and _is_density(bottom, known):
            return positive
        case tree.Div(top, _):
            return any_of(top)
        case tree.Mul(factors, _):
            bare = [each.body if isinstance(each, tree.Neg) else each for each in factors]
            flipped = sum(isinstance(each, tree.Neg) for each in factors) % 2 == 1
            if any(_is_density(each, known) for each in bare) and any(_is_inverse(each, known) for each in bare):
                return positive is not flipped
            return any(weighs_by_ratio(each, known, positive is not flipped) for each in bare)
        case tree.Add(terms):
            return any_of(*terms)
        case tree.Expect(_, body) | tree.Big(op="sum", body=body) | tree.Labelled(body, _):
            return any_of(body)
        case tree.Prefix("exp", operand, _) | tree.Func("exp", (operand,)):
            return positive and _is_log_ratio(operand, known)
        case tree.Func("mean" | "sum" | "min" | "max" | "clip" | "clamp", arguments):
            return any_of(*arguments)
        case tree.Symbol():
            definition, others = known.unfolded(node)
            return definition is not None and weighs_by_ratio(definition, others, positive)
    return False


def _is_density(node: tree.Node, known: Known) -> bool:
    """The value of a density, or a name for one."""
    if isinstance(node, tree.Symbol):
        definition, others = known.unfolded(node)
        return definition is not None and _is_density(definition, others)
    return is_density_call(node)


def _is_inverse(node: tree.Node, known: Known) -> bool:
    return isinstance(node, tree.Power) and isinstance(node.exponent, tree.Neg) and _is_density(node.base, known)


def _is_log_ratio(node: tree.Node, known: Known) -> bool:
    r"""``\log p(x) - \log q(x)``."""
    if not isinstance(node, tree.Add):
        return False
    signs = {
        isinstance(each, tree.Neg)
        for each in node.terms
        if _is_log_density(each.body if isinstance(each, tree.Neg) else each, known)
    }
    return len(signs) == 2


def _is_log_density(node: tree.Node, known: Known) -> bool:
    match node:
        case tree.Prefix("log", operand, _) | tree.Func("log", (operand,)):
            return _is_density(operand, known)
    return False
