"""Derivatives written as fractions: ``\\frac{\\partial f(x)}{\\partial x}``, ``\\frac{d}{dx} f(x)``.

Both are ``jac_x f(x)``: the derivative of what stands above, or behind, by the variable below. A second derivative,
``\\frac{\\partial^2 f}{\\partial x^2}``, is ``hess_x f(x)``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from formula2dgm.spans import Span
from formula2dgm.syntax import tree
from formula2dgm.syntax.precedence import has_bare_op

#: By a vector both signs say the same.
_VECTORS = frozenset("xyz")
_SIGNS = frozenset({"d", "partial", "delta"})


@dataclass
class Derivation:
    """``\\frac{d}{dx}``, waiting for what it differentiates."""

    node: tree.Div
    by: tree.Node
    name: str = "jac"
    total: bool = False

    @property
    def span(self) -> Span:
        return self.node.span


def quotient(above: tree.Node, below: tree.Node, span: Span) -> tree.Node | Derivation:
    """The fraction, the derivative, or the operator that it is."""
    fraction = tree.Div(above, below, span=span)
    sign, by = _differential(below)
    name, top_part = "jac", above if by is not None else None
    if isinstance(by, tree.Power) and _is_two(by.exponent):
        top_part, by, name = _once(above), by.base, "hess"
    if by is None or top_part is None:
        return fraction
    if isinstance(top_part, tree.Symbol) and top_part.letter == sign and not (top_part.sub or top_part.sup):
        return Derivation(fraction, by, name, sign == "d")
    top, body = _differential(top_part)
    if top != sign or body is None:
        return fraction
    return _derivative(name, body, by, span, sign == "d")


def _is_two(node: tree.Node) -> bool:
    return isinstance(node, tree.Number) and node.text == "2"


def _once(above: tree.Node) -> tree.Node | None:
    """``d^2 f`` as ``d f``; None where no second derivative is written."""
    match above:
        case tree.Power(base=base, exponent=two) if _is_two(two) and isinstance(base, tree.Symbol | tree.Prefix):
            return base
        case tree.Mul(factors=(tree.Power(base=base, exponent=two), *rest)) if _is_two(two):
            return replace(above, factors=(base, *rest))
    return None


def _differential(node: tree.Node) -> tuple[str, tree.Node | None]:
    """The sign and the variable of ``dx``, ``\\partial x``, ``\\delta x``."""
    if isinstance(node, tree.Prefix) and node.name == "partial" and not node.sub:
        return "partial", node.operand
    if isinstance(node, tree.Func) and node.name == "partial" and not node.sub and len(node.args) == 1:
        return "partial", node.args[0]
    if isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol) and node.head.letter == "d":
        bare = not (node.head.sub or node.head.sup or node.given or node.params) and len(node.args) == 1
        return ("d", node.args[0]) if bare else ("", None)  # d[\\sigma^2(t)]
    if isinstance(node, tree.Mul) and node.ops[0] == "":
        first, *rest = node.factors
        plain = isinstance(first, tree.Symbol) and not (first.sub or first.sup or first.accents or first.style)
        if plain and isinstance(first, tree.Symbol) and first.letter in _SIGNS:
            if len(rest) == 1:
                return first.letter, rest[0]
            span = rest[0].span | rest[-1].span
            return first.letter, tree.Mul(tuple(rest), node.ops[1:], span=span)
    return "", None


def differentiated(derivation: Derivation, operand: tree.Node) -> tree.Node:
    """The derivative of what stands behind the operator."""
    return _derivative(derivation.name, operand, derivation.by, derivation.span | operand.span, derivation.total)


def _derivative(name: str, body: tree.Node, by: tree.Node, span: Span, total: bool) -> tree.Node:
    """``jac_x f``, of a sum with brackets."""
    total = total and name == "jac" and not (isinstance(by, tree.Symbol) and by.letter.lower() in _VECTORS)
    if isinstance(body, tree.Add) or has_bare_op(body):
        return tree.Func(name, (body,), (by,), total, span=span)
    return tree.Prefix(name, body, (by,), total, span=span)
