"""Products and powers: of numbers, of matrices, and of maps applied to what follows them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import read_name
from formula2dgm.resolve.calculus.bilinear import bilinear
from formula2dgm.resolve.calculus.directional import along
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.divergences.functionals import divergence
from formula2dgm.resolve.divergences.names import squared_hellinger, takes_power
from formula2dgm.resolve.flows.values import applied
from formula2dgm.resolve.operators.randomness import linear_factors, note_bias
from formula2dgm.resolve.values.matrices import inverted, is_matrix, product
from formula2dgm.resolve.values.single_draws import refuse_single_factors
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator

#: Signs that stand between factors as a product does, and say something else or several things: of sets, of
#: propositions, of products of every entry with every other.
_NO_PRODUCTS = {
    "cup": "\\cup", "cap": "\\cap", "setminus": "\\setminus", "wedge": "\\wedge", "vee": "\\vee", "ominus": "\\ominus",
    "otimes": "\\otimes",
}  # fmt: skip
#: Signs that a formula may hold like a letter, which are no numbers by themselves.
_NO_LETTERS = frozenset(("star", "dagger", "perp", "bot", "top", "emptyset", "varnothing"))


def multiplied(evaluate: Evaluator, node: tree.Mul, scope: Scope) -> ir.Node:
    """``a b``: a map applied, a product of matrices, or one of numbers position by position."""
    context = evaluate.context
    refuse_other_signs(context, node)
    if (value := applied(evaluate, node, scope)) is not None:
        return value
    if "circ" in node.ops:
        raise context.refuse(
            "F2D-0213", f"{node} is a composition of functions without an argument", node.span, "write f(g(x))"
        )
    if (between := bilinear(evaluate, node, scope)) is not None:
        return between
    if (moved := along(evaluate, node, scope)) is not None:
        return moved
    linear = linear_factors(context, node.factors)
    turned = product(context, node, lambda each, i: evaluate(each, scope.under(node, linear[i])))
    if turned is not None:
        return turned
    values = [evaluate(each, scope.under(node, own)) for each, own in zip(node.factors, linear, strict=True)]
    refuse_single_factors(context, node, values)
    return context.arena.make(ir.Mul, tuple(values))


def refuse_other_signs(context: Context, node: tree.Mul) -> None:
    """No values are multiplied by a sign of sets or of logic, or by one of several products."""
    signs = [_NO_PRODUCTS[op] for op in node.ops if op in _NO_PRODUCTS]
    for each in node.factors:
        if isinstance(each, tree.Symbol) and each.letter in _NO_LETTERS:
            name = read_name(each, context.model.indices)
            if context.named.find(name) is None and name.full not in context.model.definitions:
                signs.append(f"\\{each.letter}")
    if signs:
        raise context.refuse(
            "F2D-0642",
            f"{signs[0]} says nothing of values: {node}",
            node.span,
            "write what is computed: a \\odot b for a product, a - b for a difference, f(a, b) for a function of both",
        )


def raised(evaluate: Evaluator, node: tree.Power, scope: Scope) -> ir.Node:
    """``a^b``: the exponential for an ``e`` that is nothing else, the inverse of a matrix, or a power."""
    context, make = evaluate.context, evaluate.make
    base, below = node.base, scope.under(node, False)
    if (value := _named_power(evaluate, node, scope)) is not None:
        return value
    if isinstance(base, tree.Symbol) and base.letter == "e" and not base.sub and not _is_known(context, base, scope):
        power = evaluate(node.exponent, below)
        note_bias(context, node, node.exponent, power, scope)
        return make(ir.Apply, "exp", (power,))
    if (matrix := inverted(node)) is not None and is_matrix(context, inside := evaluate(matrix, below)):
        return make(ir.Apply, "inverse_matrix", (inside,))
    value, exponent = evaluate(base, below), evaluate(node.exponent, below)
    note_bias(context, node, base, value, scope)
    return make(ir.Pow, value, exponent)


def _named_power(evaluate: Evaluator, node: tree.Power, scope: Scope) -> ir.Node | None:
    """``W_2^2(p, q)``, ``\\chi^2(p || q)``, ``H^2(p, q)``: the superscript is part of a divergence's name."""
    if (hellinger := squared_hellinger(node)) is not None:
        return divergence(evaluate.context, hellinger, scope, evaluate, replace(node, base=hellinger))
    if isinstance(node.base, tree.Divergence) and takes_power(node):
        return divergence(evaluate.context, node.base, scope, evaluate, node)
    return None


def _is_known(context: Context, symbol: tree.Symbol, scope: Scope) -> bool:
    name = read_name(symbol, context.model.indices)
    return name.id in scope.values or name.id in context.model.variables or context.named.find(name) is not None
