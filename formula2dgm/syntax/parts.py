"""What a rule's callback needs: the parts of a call's bracket, the items of a subscript, spans of several children."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from formula2dgm.spans import Span
from formula2dgm.syntax import tree
from formula2dgm.syntax.partial import Bare, Value, finish
from formula2dgm.syntax.precedence import has_bare_op
from formula2dgm.syntax.tokens import Token, refuse

Items = tuple[tree.Node, ...]


class Args:
    """The parts of a call's bracket."""

    def __init__(self, children: Sequence[Any]) -> None:
        self.parts: dict[str, Items] = {"": ()}
        role = ""
        for child in children:
            if isinstance(child, Token):
                role = child.kind
            elif child is not None:
                self.parts[role] = child

    @property
    def args(self) -> Items:
        return self.parts[""]

    @property
    def given(self) -> Items | None:
        return self.parts.get("COND")

    @property
    def params(self) -> Items | None:
        return self.parts.get("SEMI")


def span_of(first: Any, last: Any) -> Span:
    return first.span | last.span


def ends_of(children: Sequence[Any]) -> Span:
    """From the first to the last child that is there."""
    there = [child for child in children if child is not None and not isinstance(child, tuple)]
    return span_of(there[0], there[-1])


def integral_over(c: list[Any], body: tree.Node, variables: Items, span: Span) -> tree.Integral:
    """An integral; in ``\\int_y \\int_x f dy dx`` each runs over what its label says, not over what ends it."""
    lower = c[1][0] if c[1] else None
    upper = c[2].node if c[2] is not None else None
    if isinstance(body, tree.Integral) and variables == (body.lower,) and body.variables == (lower,):
        body, variables = replace(body, variables=variables), body.variables
    return tree.Integral(body, variables, lower, upper, span=span)


class Script(tuple[tree.Node, ...]):
    """The items of a subscript, with their place."""

    span: Span

    def __new__(cls, items: Items, span: Span) -> Script:
        made = super().__new__(cls, items)
        made.span = span
        return made


def function_named(token: Token) -> tuple[str, bool]:
    """The function of a name, and whether it is a total derivative: ``deriv_t f``, ``\\frac{d}{dt} f``."""
    return ("jac", True) if token.text == "deriv" else (token.text, False)


def of_operand(token: Token, operand: tree.Node, sub: Items, span: Span) -> tree.Node:
    """A function without brackets; of a sum or a product with signs, which needs brackets, one in brackets."""
    name, total = function_named(token)
    if isinstance(operand, tree.Add) or has_bare_op(operand):
        return tree.Func(name, (operand,), sub, total, span=span)
    return tree.Prefix(name, operand, sub, total, span=span)


#: Functions that cover one factor: what divides behind a slash, ``\\nabla f / \\|\\nabla f\\|``, is outside.
OF_ONE_FACTOR = frozenset({"grad", "hess", "div", "partial"})


def applied(c: list[Any], make: Any) -> Value:
    token, sub, sup, operand = c
    fraction = operand.body if isinstance(operand, tree.Neg) else operand
    if token.text in OF_ONE_FACTOR and isinstance(fraction, tree.Div):  # \\frac is one factor, what divides is none
        assert isinstance(operand, tree.Node)
        node: tree.Node = tree.Func(token.text, (operand,), sub or (), span=span_of(token, operand))
    else:
        node = make(token, finish(operand), sub or (), span_of(token, operand))
    return node if sup is None else tree.Power(node, sup.node, span=node.span)


def primes_last(accents: tuple[str, ...]) -> tuple[str, ...]:
    """Accents as written, primes last: a prime stands beside the name, whatever stands above it."""
    return tuple(sorted(accents, key=lambda accent: accent == "prime"))


def refuse_list(relation: Token, right: Value) -> None:
    """Refuse ``x = \\sqrt{a}, b``, where a comma stands between two formulas; a list of names is one all the same."""
    if not isinstance(right, Bare):
        return
    items = right.node.items
    names = all(isinstance(each, tree.Symbol | tree.Number) for each in items) and relation.text != "in"
    if not names and not any(isinstance(each, tree.Ellipsis) for each in items):
        hint = "leave the comma out (was the space \\, meant?), or put the list in brackets"
        span = span_of(items[0], items[1])
        refuse("F2D-0122", f"a comma separates two formulas behind '{relation.written}'", span, hint)


def body_of(value: Value) -> tree.Node:
    """A statement's body: anything but a bare list."""
    if isinstance(value, Bare):
        hint = "separate statements by ';' or by lines, and put a tuple in brackets"
        refuse("F2D-0122", "a list is no statement", value.span, hint)
    return finish(value)
