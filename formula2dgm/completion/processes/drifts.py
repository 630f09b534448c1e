r"""The drift of an equation in differentials that is straight in x: ``a(t) x + b(t)``, ``k (m - x)``.

What names of the text stand for is put in their place where it depends on the time: under an integral over a time
``\beta_t`` and a k that is ``1 + t`` are functions of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.differentials import Equation
from formula2dgm.reading.names import GREEK_GROUPS, plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Drift:
    """``rate x + rest``, a part that is None is not there; ``mean``: the m of ``rate (x - m)``, the same at all
    times."""

    rate: tree.Node | None
    rest: tree.Node | None
    mean: tree.Node | None


class State:
    """The variable of an equation: x and ``x_t``, but not ``x_0``, which is a value like others."""

    def __init__(self, equation: Equation, functions: frozenset[str]):
        self.variable, self.time, self.functions = equation.variable, equation.time, functions

    def has_letter(self, node: tree.Node) -> bool:
        """Is it x at any time?"""
        mine = self.variable.letter, self.variable.accents, self.variable.style
        return isinstance(node, tree.Symbol) and (node.letter, node.accents, node.style) == mine

    def named(self, node: tree.Node) -> bool:
        """Is it x, or ``x_t``?"""
        return self.has_letter(node) and isinstance(node, tree.Symbol) and node.sub in ((), (self.time,))

    def read_by(self, node: tree.Node) -> bool:
        """Does anything in it read x?"""
        return any(self.named(each) for each in node.walk())

    def drift(self, node: tree.Node) -> Drift | None:
        """The drift; None where it is not straight in x."""
        moving, rest = self._split(node)
        rate = None if moving is None else self.without(moving)
        if (moving is not None and rate is None) or any(each and self.read_by(each) for each in (rate, rest)):
            return None
        return Drift(rate, rest, None if rate is None or rest is None else self._mean(node))

    def without(self, node: tree.Node) -> tree.Node | None:
        """``a`` of ``a x``; None where x is no factor of every summand."""
        if self.named(node):
            return tree.Number("1", span=node.span)
        match node:
            case tree.Neg(body=body):
                inner = self.without(body)
                return inner and tree.Neg(inner, span=node.span)
            case tree.Add(terms=terms):
                parts = [self.without(each) for each in terms]
                known = tuple(each for each in parts if each is not None)
                return tree.Add(known, span=node.span) if len(known) == len(terms) else None
            case tree.Div(numerator=above, denominator=below):
                inner = self.without(above)
                return inner and tree.Div(inner, below, span=node.span)
            case tree.Mul(factors=factors, ops=ops):
                for place, each in enumerate(factors):
                    if (inner := self.without(each)) is not None:
                        kept = [*factors[:place], *([inner] if str(inner) != "1" else []), *factors[place + 1 :]]
                        one = len(kept) == 1
                        return kept[0] if one else replace(node, factors=tuple(kept), ops=ops[: len(kept) - 1])
            case tree.Call() if (product := self._product(node)) is not None:
                inner = self.without(product[1])
                return inner and tree.Mul((product[0], inner), ("",), span=node.span)
        return None

    def _product(self, node: tree.Node) -> tuple[tree.Node, tree.Node] | None:
        """A number before a bracket, ``beta (-x)`` and ``theta (m - x)``, which is no call of a function."""
        match node:
            case tree.Call(head=head, args=(tree.Neg() | tree.Mul() | tree.Add() as inside,), given=None, params=None):
                if not isinstance(head, tree.Symbol) or not self._is_function(head):
                    return head, inside
        return None

    def _is_function(self, head: tree.Symbol) -> bool:
        """Is it defined as one, or does it have parameters, as ``f_\\theta``?"""
        return str(head) in self.functions or any(plain(each) in GREEK_GROUPS for each in head.sub)

    def _split(self, node: tree.Node) -> tuple[tree.Node | None, tree.Node | None]:
        """What x is in, and what it is not in."""
        if not self.read_by(node):
            return None, node
        match node:
            case tree.Neg(body=body):
                return _both(self._split(body), lambda each: tree.Neg(each, span=node.span))
            case tree.Add(terms=terms):
                parts = [self._split(each) for each in terms]
                return _sum(each for each, _ in parts), _sum(each for _, each in parts)
            case tree.Div(numerator=above, denominator=below):
                return _both(self._split(above), lambda each: tree.Div(each, below, span=node.span))
            case tree.Mul(factors=factors):
                place = next(place for place, each in enumerate(factors) if self.read_by(each))

                def placed(each: tree.Node) -> tree.Node:
                    return replace(node, factors=(*factors[:place], each, *factors[place + 1 :]))

                return _both(self._split(factors[place]), placed)
            case tree.Call() if (product := self._product(node)) is not None:
                head, inside = product
                return _both(self._split(inside), lambda each: tree.Mul((head, each), ("",), span=node.span))
        return node, None

    def _mean(self, node: tree.Node) -> tree.Node | None:
        """``m`` of ``a (x - m)`` and ``a (m - x)``, where it is the same at all times."""
        match node:
            case tree.Neg(body=body):
                return self._mean(body)
            case tree.Div(numerator=above):
                return self._mean(above)
            case tree.Mul(factors=factors):
                return self._mean(next(each for each in factors if self.read_by(each)))
            case tree.Call() if (product := self._product(node)) is not None:
                return self._mean(product[1])
            case tree.Add():
                moving, rest = self._split(node)
                factor = self.without(moving) if moving is not None else None
                if rest is not None and not is_of(rest, self.time) and str(factor) in ("1", "-1"):
                    return rest if str(factor) == "-1" else tree.Neg(rest, span=rest.span)
        return None


def _both(
    parts: tuple[tree.Node | None, tree.Node | None], change: Callable[[tree.Node], tree.Node]
) -> tuple[tree.Node | None, tree.Node | None]:
    first, second = parts
    return first and change(first), second and change(second)


def _sum(terms: Iterable[tree.Node | None]) -> tree.Node | None:
    known = [each for each in terms if each is not None]
    if len(known) < 2:
        return known[0] if known else None
    return tree.Add(tuple(known), span=known[0].span | known[-1].span)


def is_of(node: tree.Node, time: tree.Symbol) -> bool:
    """Does it depend on the time?"""
    return any(each == time for each in node.walk())


def products(node: tree.Node) -> Iterator[tuple[tree.Node, ...]]:
    """The summands of an expression as factors, with brackets multiplied out."""
    match node:
        case tree.Add(terms=terms):
            for each in terms:
                yield from products(each)
        case tree.Neg(body=body):
            for factors in products(body):
                yield tree.Number("-1", span=node.span), *factors
        case tree.Div(numerator=above, denominator=below):
            one = tree.Div(tree.Number("1", span=below.span), below, span=node.span)
            for factors in products(above):
                yield *(each for each in factors if str(each) != "1"), one
        case tree.Mul(factors=(first, *others), ops=ops):
            rest = others[0] if len(others) == 1 else tree.Mul(tuple(others), ops[1:], span=node.span)
            for left in products(first):
                for right in products(rest):
                    yield *left, *right
        case _:
            yield (node,)


def at_times(node: tree.Node, equation: Equation, statements: Sequence[tree.Statement]) -> tree.Node:
    """A coefficient with what names stand for in their place where that depends on the time, or on x."""
    return _Definitions(equation, statements).within(node)


class _Definitions:
    """What the names of a text are, of which a coefficient may be made."""

    def __init__(self, equation: Equation, statements: Sequence[tree.Statement]):
        self.time, self.state = equation.time, State(equation, frozenset())
        self.bodies: Mapping[tree.Symbol, tree.Node] = {
            each.body.members[0]: each.body.members[1]
            for each in statements
            if isinstance(each.body, tree.Chain)
            and each.body.relations[0] == "="
            and isinstance(each.body.members[0], tree.Symbol)
        }

    def within(self, node: tree.Node, inside: tuple[tree.Node, ...] = ()) -> tree.Node:
        """The node; ``inside`` are the names that it is the definition of."""
        if isinstance(node, tree.Symbol) and node != self.time and not self.state.has_letter(node):
            body = None if node in inside else self._body(node)
            if body is not None:
                made = self.within(body, (*inside, node))
                return made.placed(node.span) if is_of(made, self.time) or self.state.read_by(made) else node
            if self.time in node.sub:
                raise FormulaError(self._unknown(node))
            return node
        return map_children(node, lambda each: self.within(each, inside))

    def _body(self, node: tree.Symbol) -> tree.Node | None:
        """What a name is defined as; ``beta_t`` by ``beta_s = ...``, too."""
        if node in self.bodies or self.time not in node.sub:
            return self.bodies.get(node)
        for name, body in self.bodies.items():
            index = name.sub[0] if len(name.sub) == 1 else None
            if isinstance(index, tree.Symbol) and replace(name, sub=(self.time,)) == node:
                return _put(body, index, self.time)
        return None

    def _unknown(self, node: tree.Symbol) -> Diagnostic:
        message = f"{node} has no formula, and its integral over {self.time} is wanted"
        return Diagnostic("F2D-0570", "error", message, node.span, f"write what it is: {node} = 0.1 + 19.9 {self.time}")


def _put(node: tree.Node, old: tree.Node, new: tree.Node) -> tree.Node:
    return new if node == old else map_children(node, lambda each: _put(each, old, new))
