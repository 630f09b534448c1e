"""What the tree builder holds while a sum, a product or a bracket is not yet complete."""

from __future__ import annotations

from dataclasses import dataclass, field

from formula2dgm.spans import Span
from formula2dgm.syntax import tree
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
    """Factors of a product so far; ``divided``: it is one bare quotient ``a / b``, on which more may follow."""

    factors: list[tree.Node]
    span: Span
    ops: list[str] = field(default_factory=list)
    divided: bool = False


Value = tree.Node | Group | Bare | Drawn | Sum | Product


def finish(value: Value) -> tree.Node:
    """The node that a complete value is."""
    match value:
        case Group() | Bare() | Drawn():
            return value.node
        case Sum():
            return tree.Add(tuple(value.terms), span=value.span)
        case Product():
            if len(value.factors) == 1:
                return value.factors[0]
            return tree.Mul(tuple(value.factors), tuple(value.ops), span=value.span)
        case _:
            return value


def add(left: Value, term: tree.Node) -> Sum:
    """One more term."""
    if not isinstance(left, Sum):
        left = Sum([finish(left)], left.span)
    left.terms.append(term)
    left.span |= term.span
    return left


def multiply(left: Value, op: str, right: Value) -> Product:
    """One more factor, behind an operator or (``""``) juxtaposed."""
    product = left if isinstance(left, Product) else Product([finish(left)], left.span)
    if op == "" and product.divided:
        _check_quotient(product, right)
    product.factors.append(finish(right))
    product.ops.append(op)
    product.span |= right.span
    product.divided = False
    return product


def divide(left: Value, right: Value) -> Product:
    """Divide all that stands left of the slash in this product."""
    quotient = tree.Div(finish(left), finish(right), span=left.span | right.span)
    return Product([quotient], quotient.span, divided=True)


_CLEAR = (tree.Big, tree.Expect, tree.Divergence, tree.Prefix, tree.Func, tree.Integral, tree.Optimise, tree.Labelled)


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
