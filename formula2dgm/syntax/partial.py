"""What the tree builder holds while a sum, a product or a bracket is not yet complete."""

from __future__ import annotations

from dataclasses import dataclass, field

from formula2dgm.spans import Span
from formula2dgm.syntax import tree
from formula2dgm.syntax.derivatives import Derivation, differentiated
from formula2dgm.syntax.entries import joined
from formula2dgm.syntax.tokens import refuse


@dataclass
class Group:
    """A node in brackets of its own, which are no part of the tree."""

    node: tree.Node
    span: Span


@dataclass
class Bare:
    """A list without brackets: ``z_1, \\dots, z_K``."""

    node: tree.Tuple

    @property
    def span(self) -> Span:
        return self.node.span


@dataclass
class Drawn:
    """``names ~ density`` in a list; ``closed``: the names have brackets, so no name before them joins."""

    node: tree.Draws
    closed: bool

    @property
    def span(self) -> Span:
        return self.node.span


@dataclass
class Sum:
    """Terms of a sum so far."""

    terms: list[tree.Node]
    span: Span


@dataclass
class Product:
    """Factors of a product so far.

    divided      it is one bare quotient ``a / b``, on which more may follow
    derivations  the ``d/dx`` that apply, one to the other, to the factors from ``first`` on
    """

    factors: list[tree.Node]
    span: Span
    ops: list[str] = field(default_factory=list)
    divided: bool = False
    derivations: tuple[Derivation, ...] = ()
    first: int = 0


Value = tree.Node | Group | Bare | Drawn | Sum | Product | Derivation


def finish(value: Value) -> tree.Node:
    """The node that a complete value is."""
    match value:
        case Group() | Bare() | Drawn():
            return value.node
        case Sum():
            return tree.Add(tuple(value.terms), span=value.span)
        case Product():
            return _product(value)
        case Derivation():
            return value.node
        case _:
            return value


def _product(value: Product) -> tree.Node:
    """The factors as one node; derivations among them apply to all the factors behind them."""
    _differentiate(value)
    return _times(value.factors, value.ops, value.span)


def _differentiate(product: Product) -> None:
    """Apply the derivations that wait to what stands behind them: it ends here."""
    if not product.derivations:
        return
    behind, inner = product.factors[product.first :], product.ops[product.first :]
    *outer, last = product.derivations
    made: tree.Node = last.node
    if behind:
        made = differentiated(last, _times(behind, inner, behind[0].span | behind[-1].span))
    for each in reversed(outer):
        made = differentiated(each, made)
    product.factors[product.first :], product.ops[product.first :] = [made], []
    product.derivations = ()


def _times(factors: list[tree.Node], ops: list[str], span: Span) -> tree.Node:
    return factors[0] if len(factors) == 1 else tree.Mul(tuple(factors), tuple(ops), span=span)


def add(left: Value, term: tree.Node) -> Sum:
    """One more term."""
    if not isinstance(left, Sum):
        left = Sum([finish(left)], left.span)
    left.terms.append(term)
    left.span |= term.span
    return left


def multiply(left: Value, op: str, right: Value) -> Product:
    """One more factor, behind an operator or (``""``) juxtaposed.

    What ``d/dx`` differentiates is a bracket right behind it, or all up to an operator, the next ``d/dx`` or the end.
    """
    product = _begun(left)
    if op == "" and product.divided:
        if _is_norm_below(product, right):
            return product
        _check_quotient(product, right)
    waits = bool(product.derivations) and len(product.factors) == product.first
    if not waits and (op or isinstance(right, Derivation)):
        _differentiate(product)
    if waits and op:
        _differentiate(product)
        waits = False
    if not waits:
        product.ops.append(op)
    if isinstance(right, Derivation):
        product.derivations, product.first = (*product.derivations, right), len(product.factors)
    else:
        product.factors.append(joined(finish(right)))
    product.span |= right.span
    if waits and isinstance(right, Group):
        _differentiate(product)
    product.divided = False
    return product


def _begun(left: Value) -> Product:
    if isinstance(left, Product):
        return left
    if isinstance(left, Derivation):
        return Product([], left.span, derivations=(left,))
    return Product([finish(left)], left.span)


def divide(left: Value, right: Value) -> Product:
    """Divide all that stands left of the slash in this product."""
    above, below = finish(left), finish(right)
    for each in (above, below):
        if isinstance(each, tree.Interval):
            refuse("F2D-0120", "an interval is a set of numbers and has no quotient", each.span, "divide its ends")
    quotient = tree.Div(above, below, span=left.span | right.span)
    return Product([quotient], quotient.span, divided=True)


_CLEAR = (tree.Big, tree.Expect, tree.Divergence, tree.Prefix, tree.Func, tree.Integral, tree.Optimise, tree.Labelled)


def _is_norm_below(product: Product, right: Value) -> bool:
    r"""Take a norm behind a norm below the slash, too: ``u^\top v / \|u\| \|v\|`` is divided by both."""
    quotient, norm = product.factors[0], finish(right)
    assert isinstance(quotient, tree.Div)
    below = quotient.denominator.factors if isinstance(quotient.denominator, tree.Mul) else (quotient.denominator,)
    if not isinstance(norm, tree.Norm) or not all(isinstance(each, tree.Norm) for each in below):
        return False
    product.span |= right.span
    divisor = tree.Mul((*below, norm), ("",) * len(below), span=below[0].span | norm.span)
    product.factors[0] = tree.Div(quotient.numerator, divisor, span=product.span)
    return True


def _check_quotient(product: Product, right: Value) -> None:
    """``1/2 x`` is clear; ``a / b c`` is not."""
    quotient = product.factors[0]
    assert isinstance(quotient, tree.Div)
    if isinstance(quotient.numerator, tree.Number) or isinstance(finish(right), _CLEAR):
        return
    a, b, c = (f"({each})" if isinstance(each, tree.Add | tree.Mul | tree.Div) else str(each)
               for each in (quotient.numerator, quotient.denominator, finish(right)))  # fmt: skip
    hint = f"write ({a} / {b}) * {c}, or {a} / ({b} * {c})"
    refuse("F2D-0111", "is the last factor below or behind the fraction?", product.span | right.span, hint)
