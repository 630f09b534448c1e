r"""Derivatives by a number, ``\frac{d}{dt} x_t``, and along a direction, ``\frac{\partial f}{\partial x} v``, by the
rules of differentiation: the code says what they are.

d((1-t) x_0 + t x_1)/dt    =    x_1 - x_0
d(u(x_t, t))/dt            =    the derivative of u at (x_t, t) along (dx_t/dt, 1)
"""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.rewrite import depends
from formula2dgm.records import dataclass
from formula2dgm.resolve.calculus.affine import is_number, negative, product, ratio, square, total

#: What a function's derivative is, of its argument and its value.
Rule = Callable[["_Rules", ir.Node, ir.Node], ir.Node]


@dataclass(frozen=True, slots=True)
class Found:
    """A derivative; None where no rule says what it is, and the draw or the value at which the rules end.

    held  the numbers drawn by a law that hangs on what is derived by: they do not move with it
    """

    node: ir.Node | None
    end: ir.Node | None = None
    held: tuple[ir.Draw, ...] = ()


def derivative(
    arena: Arena,
    node: ir.Node,
    by: ir.Node,
    direction: ir.Node | None = None,
    constant: frozenset[ir.Node] = frozenset(),
) -> Found:
    """The derivative of an expression by a number that it is made of, entry by entry, or by a value along a direction.

    ``constant`` is what does not move with it.
    """
    rules = _Rules(arena, by, direction, constant)
    found = rules.of(node)
    return Found(found, rules.end, tuple(rules.held))


class _Rules:
    def __init__(self, arena: Arena, by: ir.Node, direction: ir.Node | None, constant: frozenset[ir.Node]):
        self.arena, self.by, self.constant = arena, by, constant
        self.one, self.zero = self.const(1), self.const(0)
        self.direction = direction or self.one
        self.end: ir.Node | None = None
        self.held: dict[ir.Draw, None] = {}

    def const(self, value: float) -> ir.Node:
        return self.arena.make(ir.Const, value)

    def apply(self, function: str, *args: ir.Node) -> ir.Node:
        return self.arena.make(ir.Apply, function, args)

    def of(self, node: ir.Node) -> ir.Node | None:
        """The derivative of a node."""
        if node is self.by:
            return self.direction
        if node in self.constant or not depends((node,), frozenset((self.by,))):
            return self.zero
        match node:
            case ir.Neg(body):
                inner = self.of(body)
                return inner and negative(self.arena, inner)
            case ir.Add(args):
                parts = [self.of(each) for each in args]
                known = [each for each in parts if each is not None]
                ordered = sorted(known, key=lambda each: isinstance(each, ir.Neg))  # e - x, not -x + e
                return total(self.arena, *ordered) if len(known) == len(parts) else None
            case ir.Mul(args):
                return self._of_product(args)
            case ir.Div(top, bottom):
                return self._of_ratio(node, top, bottom)
            case ir.Pow(base, exponent):
                return self._of_power(node, base, exponent)
            case ir.Apply(name, (argument,)) if name in _RULES:
                inner = self.of(argument)
                return inner and product(self.arena, _RULES[name](self, argument, node), inner)
            case ir.Dot(left, right):
                return self._of_inner_product(left, right)
            case ir.EventSum(body):
                inner = self.of(body)
                if inner is None or is_number(inner, 0):
                    return inner
                return self.arena.make(ir.EventSum, inner) if inner.event != "number" else None
            case ir.Head(ir.NetCall(method="plain"), family=None):
                return self._of_network(node)
            case ir.Draw() if node.event == "number":
                self.held[node] = None
                return self.zero
        self.end = self.end or node
        return None

    def _of_network(self, node: ir.Head) -> ir.Node | None:
        """Along the derivatives of its arguments."""
        moves = {}
        for place, each in enumerate(node.call.args):
            inner = self.of(each)
            if inner is None:
                return None
            if not is_number(inner, 0):
                moves[place] = inner
        if not moves:
            return self.zero
        return self.arena.make(ir.Jvp, node, tuple(moves), tuple(moves.values()))

    def _of_inner_product(self, left: ir.Node, right: ir.Node) -> ir.Node | None:
        """``<a', b> + <a, b'>``."""
        pairs = ((self.of(left), right), (left, self.of(right)))
        if any(each is None for pair in pairs for each in pair):
            return None
        moved = [pair for pair in pairs if not any(is_number(each, 0) for each in pair if each is not None)]
        return total(self.arena, *(self.arena.make(ir.Dot, *pair) for pair in moved))

    def _of_product(self, args: tuple[ir.Node, ...]) -> ir.Node | None:
        terms = []
        for place, each in enumerate(args):
            inner = self.of(each)
            if inner is None:
                return None
            terms.append(product(self.arena, *args[:place], inner, *args[place + 1 :]))
        return total(self.arena, *terms)

    def _of_ratio(self, node: ir.Node, top: ir.Node, bottom: ir.Node) -> ir.Node | None:
        """``(a' - (a/b) b') / b``."""
        above, below = self.of(top), self.of(bottom)
        if above is None or below is None:
            return None
        change = product(self.arena, node, below)
        return ratio(self.arena, total(self.arena, above, negative(self.arena, change)), bottom)

    def _of_power(self, node: ir.Node, base: ir.Node, exponent: ir.Node) -> ir.Node | None:
        """``n a^{n-1} a'``; ``a^b b' log a``; of both, their sum."""
        below, above = self.of(base), self.of(exponent)
        if below is None or above is None:
            return None
        by_base = self.zero
        if not is_number(below, 0):
            lower = self.const(exponent.value - 1) if isinstance(exponent, ir.Const) else None
            lower = lower or total(self.arena, exponent, self.const(-1))
            power = base if is_number(lower, 1) else self.arena.make(ir.Pow, base, lower)
            by_base = product(self.arena, exponent, self.one if is_number(lower, 0) else power, below)
        if is_number(above, 0):
            return by_base
        return total(self.arena, by_base, product(self.arena, node, self.apply("log", base), above))

    def inverse(self, node: ir.Node) -> ir.Node:
        """``1 / a``."""
        return self.arena.make(ir.Div, self.one, node)

    def rest(self, node: ir.Node) -> ir.Node:
        """``1 - a``."""
        return total(self.arena, self.one, negative(self.arena, node))

    def times(self, *nodes: ir.Node) -> ir.Node:
        return product(self.arena, *nodes)

    def square(self, node: ir.Node) -> ir.Node:
        return square(self.arena, node)


_RULES: dict[str, Rule] = {
    "exp": lambda r, x, y: y,
    "log": lambda r, x, y: r.inverse(x),
    "sqrt": lambda r, x, y: r.inverse(r.times(r.const(2), y)),
    "square": lambda r, x, y: r.times(r.const(2), x),
    "sin": lambda r, x, y: r.apply("cos", x),
    "cos": lambda r, x, y: negative(r.arena, r.apply("sin", x)),
    "tan": lambda r, x, y: total(r.arena, r.one, r.square(y)),
    "sinh": lambda r, x, y: r.apply("cosh", x),
    "cosh": lambda r, x, y: r.apply("sinh", x),
    "tanh": lambda r, x, y: r.rest(r.square(y)),
    "sigmoid": lambda r, x, y: r.times(y, r.rest(y)),
    "softplus": lambda r, x, y: r.apply("sigmoid", x),
    "log_sigmoid": lambda r, x, y: r.apply("sigmoid", negative(r.arena, x)),
    "arctan": lambda r, x, y: r.inverse(total(r.arena, r.one, r.square(x))),
    "log1p": lambda r, x, y: r.inverse(total(r.arena, r.one, x)),
    "expm1": lambda r, x, y: r.apply("exp", x),
}
