r"""Integrals of functions of one number in closed form: ``\int_0^t \beta(s) ds``, by sympy.

What does not depend on the variable of integration is one symbol to sympy; numbers are exact.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.rewrite import depends, walk
from formula2dgm.resolve.calculus.affine import negative, product, ratio, total

if TYPE_CHECKING:
    import sympy

#: Beyond this many nodes no closed form is looked for.
LARGEST = 200
_FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")


def definite(arena: Arena, body: ir.Node, variable: ir.Node, lower: ir.Node, upper: ir.Node) -> ir.Node | None:
    """``\\int_a^b f(s) ds`` of numbers; None where there is no closed form, or none is found."""
    if sum(1 for _ in walk(body)) > LARGEST:
        return None
    table = _Symbols(arena, variable)
    integrand = table.read(body)
    ends = [table.read(each) for each in (lower, upper)]
    if integrand is None or None in ends:
        return None
    s = table.variable
    found = _antiderivative(integrand, s)
    return None if found is None else table.write(_simplest(found.subs(s, ends[1]) - found.subs(s, ends[0])))


def _antiderivative(integrand: sympy.Expr, s: sympy.Symbol) -> sympy.Expr | None:
    """Summand by summand, those with the same exponential together: ``q'(s) e^{q(s)}`` is the derivative of one."""
    import sympy
    from sympy.integrals.manualintegrate import manualintegrate

    groups: dict[sympy.Expr, sympy.Expr] = {}
    for term in sympy.Add.make_args(sympy.powsimp(sympy.expand(integrand))):
        factors = [each for each in sympy.Mul.make_args(term) if isinstance(each, sympy.exp)]
        exponent = sympy.expand(sympy.Add(*(each.args[0] for each in factors)))
        groups[exponent] = groups.get(exponent, sympy.S.Zero) + term / sympy.Mul(*factors)
    whole = sympy.S.Zero
    for exponent, factor in groups.items():
        share = sympy.cancel(factor / exponent.diff(s)) if exponent.has(s) else s
        if share.has(s) and exponent.is_polynomial(s) and sympy.degree(exponent, s) > 1:
            beside = _beside_exponential(factor, exponent, s)
            if beside is None:
                return None
            whole += beside * sympy.exp(exponent)
        elif share.has(s):
            group = factor * sympy.exp(exponent)
            found = _solved(_generic(manualintegrate(group, s)), group, s)
            if found.has(sympy.Integral):
                return None
            whole += found
        else:
            whole += share * sympy.exp(exponent)
    return whole


def _beside_exponential(factor: sympy.Expr, exponent: sympy.Expr, s: sympy.Symbol) -> sympy.Expr | None:
    """p where ``\\int f e^q ds = p e^q``, of polynomials: ``f = p' + p q'``, solved from the highest power down. By
    Liouville's theorem there is no other elementary form."""
    import sympy

    if not factor.is_polynomial(s):
        return None
    rest, slope = sympy.Poly(factor, s), sympy.Poly(exponent.diff(s), s)
    found = sympy.Poly(0, s)
    while not rest.is_zero:
        power = rest.degree() - slope.degree()
        if power < 0:
            return None
        term = sympy.Poly(sympy.cancel(rest.LC() / slope.LC()) * s**power, s)
        found, rest = found + term, rest - term * slope - term.diff(s)
    return found.as_expr()


def _solved(found: sympy.Expr, integrand: sympy.Expr, s: sympy.Symbol) -> sympy.Expr:
    """By parts twice, ``\\int e^{ks} \\sin s ds`` is itself again with a factor: the equation is solved for it."""
    import sympy

    left = found.atoms(sympy.Integral)
    if len(left) == 1:
        (same,) = left
        size, factor = sympy.simplify(integrand / same.function), sympy.expand(found).coeff(same)
        rest = sympy.expand(found) - sympy.expand(factor * same)
        if not size.has(s) and not rest.has(sympy.Integral) and sympy.simplify(size - factor) != 0:
            return size * rest / (size - factor)
    return found


def _exact(value: float) -> Fraction:
    """The number that was meant: 0.1 is 1/10, and what 8/3 was rounded to is 8/3."""
    simple = Fraction(value).limit_denominator(10**6)
    return simple if float(simple) == value else Fraction(str(value))


def _generic(found: sympy.Expr) -> sympy.Expr:
    """Of several cases the first: the others are those of one value of a coefficient, as of k = 0 in e^{ks}."""
    import sympy

    return found.replace(sympy.Piecewise, lambda *cases: cases[0][0])


def _simplest(value: sympy.Expr) -> sympy.Expr:
    """A sum, exponentials of one product as one; or as it is, where that is shorter."""
    import sympy

    found = min((sympy.powsimp(sympy.expand(value)), value), key=sympy.count_ops)
    return found.replace(sympy.exp, lambda exponent: sympy.exp(sympy.expand(exponent)))


class _Symbols:
    """What nodes are to sympy, and back."""

    def __init__(self, arena: Arena, variable: ir.Node):
        import sympy

        self.sympy, self.arena, self.make = sympy, arena, arena.make
        self.node = variable
        self.variable = sympy.Symbol("s", real=True)
        self.symbols: dict[ir.Node, Any] = {variable: self.variable}

    def read(self, node: ir.Node) -> Any:
        """A node; None where it depends on the variable in no elementary way."""
        if node in self.symbols:
            return self.symbols[node]
        sympy = self.sympy
        match node:
            case ir.Const(value):
                return sympy.pi if value == 3.141592653589793 else sympy.Rational(str(_exact(value)))
            case ir.Neg(body):
                inner = self.read(body)
                return None if inner is None else -inner
            case ir.Add(args) | ir.Mul(args):
                parts = [self.read(each) for each in args]
                if any(each is None for each in parts):
                    return None
                return (sympy.Add if isinstance(node, ir.Add) else sympy.Mul)(*parts)
            case ir.Div(top, bottom) | ir.Pow(top, bottom):
                above, below = self.read(top), self.read(bottom)
                if above is None or below is None:
                    return None
                return above / below if isinstance(node, ir.Div) else above**below
            case ir.Apply(name, (argument,)) if name in _FUNCTIONS:
                inner = self.read(argument)
                return None if inner is None else getattr(sympy, name)(inner)
        if depends((node,), frozenset((self.node,))):
            return None
        # not 0: the case of k = 0 in e^{ks} is one value of a coefficient, and none of its own
        return self.symbols.setdefault(node, sympy.Symbol(f"c{len(self.symbols)}", real=True, nonzero=True))

    def write(self, value: Any) -> ir.Node | None:
        """A node of what sympy found; None where a function in it is none of ours."""
        found = {symbol: node for node, symbol in self.symbols.items()}
        sympy, arena = self.sympy, self.arena
        if value in found:
            return found[value]
        if value is sympy.pi:
            return self.make(ir.Const, 3.141592653589793)
        if value is sympy.E:
            return self.make(ir.Apply, "exp", (self.make(ir.Const, 1),))
        if value.is_Integer:
            return self.make(ir.Const, int(value))
        if value.is_Rational:
            return self.make(ir.Const, float(value))
        if value.is_Pow:
            return self._power(value)
        if value.is_Add and (less := self._less_than_one(value)) is not None:
            return less
        args = value.as_ordered_terms() if value.is_Add else value.args
        known = [made for each in args if (made := self.write(each)) is not None]
        if len(known) < len(args) or not known:
            return None
        if value.is_Add:
            # What is positive first: 1 - exp(-x), not -exp(-x) + 1.
            return total(arena, *sorted(known, key=lambda each: isinstance(each, ir.Neg)))
        if value.is_Mul:
            return self._product(value)
        name = type(value).__name__
        return self.make(ir.Apply, name, tuple(known)) if name in _FUNCTIONS else None

    def _less_than_one(self, value: Any) -> ir.Node | None:
        """``c - c e^a`` as ``-c expm1(a)``, which is exact for small a, too."""
        found = [each for each in value.args if each.has(self.sympy.exp)]
        if len(value.args) != 2 or len(found) != 1:
            return None
        factor, exponents = found[0].as_independent(self.sympy.exp)
        if not isinstance(exponents, self.sympy.exp) or value - found[0] + factor != 0:
            return None
        inner, size = self.write(exponents.args[0]), self.write(-factor)
        if inner is None or size is None:
            return None
        return negative(self.arena, product(self.arena, size, self.make(ir.Apply, "expm1", (inner,))))

    def _product(self, value: Any) -> ir.Node | None:
        inverse = [each for each in value.args if each.is_Pow and each.exp.is_Number and each.exp < 0]
        if inverse:
            below = self.sympy.Mul(*(1 / each for each in inverse))
            top, bottom = self.write(value * below), self.write(below)
            return None if top is None or bottom is None else ratio(self.arena, top, bottom)
        number, factors = value.as_coeff_mul()
        written = [made for each in (abs(number), *factors) if (made := self.write(each)) is not None]
        if len(written) < len(factors) + 1:
            return None
        made = reduce(lambda a, b: product(self.arena, a, b), written)
        return negative(self.arena, made) if number < 0 else made

    def _power(self, value: Any) -> ir.Node | None:
        base, exponent = value.base, value.exp
        if base is self.sympy.E:
            inner = self.write(exponent)
            return None if inner is None else self.make(ir.Apply, "exp", (inner,))
        below = self.write(base)
        above = self.write(abs(exponent) if exponent.is_Number else exponent)
        if below is None or above is None:
            return None
        root = exponent.is_Number and abs(exponent) == self.sympy.Rational(1, 2)
        made: ir.Node = self.make(ir.Apply, "sqrt", (below,)) if root else self.make(ir.Pow, below, above)
        made = below if exponent in (1, -1) else made
        return ratio(self.arena, self.make(ir.Const, 1), made) if exponent.is_Number and exponent < 0 else made
