"""Elementary expressions of one name between the tree and sympy: what is computed there can be written as a formula."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from formula2dgm.reading.log_reach import log_extent
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

#: Beyond this many operations sympy is not asked.
LARGEST = 60
_FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")


class Elementary:
    """What names are to sympy, and back: the ``variable``, and others, which are constants."""

    def __init__(self, variable: tree.Node, positive: bool = True):
        import sympy

        self.sympy: Any = sympy
        self.variable: Any = sympy.Symbol("u", positive=True) if positive else sympy.Symbol("u", real=True)
        self.symbols: dict[tree.Node, Any] = {variable: self.variable}

    @property
    def constants(self) -> list[Any]:
        """The symbols of the names that are constants."""
        return [each for each in self.symbols.values() if each is not self.variable]

    def read(self, node: tree.Node) -> Any:
        """An expression; None where it holds anything but numbers, names and elementary functions."""
        if node in self.symbols:
            return self.symbols[node]
        match node:
            case tree.Number(text):
                return self.sympy.Rational(str(Fraction(text)))
            case tree.Symbol("e", (), (), ()):
                return self.sympy.E
            case tree.Symbol():
                return self.symbols.setdefault(node, self.sympy.Symbol(f"c{len(self.symbols)}", positive=True))
            case tree.Neg(body):
                return self._of(lambda inner: -inner, body)
            case tree.Add(terms):
                return self._of(self.sympy.Add, *terms)
            case tree.Mul(factors):
                return self._of(self.sympy.Mul, *factors)
            case tree.Div(top, bottom):
                return self._of(lambda a, b: a / b, top, bottom)
            case tree.Power(base, exponent):
                return self._of(lambda a, b: a**b, base, exponent)
            case tree.Sqrt(body, None):
                return self._of(self.sympy.sqrt, body)
            case tree.Func(name, (argument,), ()) if name in _FUNCTIONS:
                return self._of(getattr(self.sympy, name), argument)
            case tree.Prefix("log", operand, ()):
                inside, behind, below = log_extent(operand)
                found = self._of(self.sympy.log, inside)
                rest = [self.read(each) for each in (*behind, *([below] if below is not None else []))]
                if found is None or any(each is None for each in rest):
                    return None
                count = len(behind)
                return found * self.sympy.Mul(*rest[:count]) / self.sympy.Mul(*rest[count:])
            case tree.Prefix(name, operand, ()) if name in _FUNCTIONS and not isinstance(operand, tree.Mul):
                return self._of(getattr(self.sympy, name), operand)
            case tree.Call(tree.Symbol() as head, (argument,), None, None) if head in self.symbols:
                return self._of(lambda a, b: a * b, head, argument)  # u(u - 1)
        return None

    def _of(self, make: Any, *nodes: tree.Node) -> Any:
        parts = [self.read(each) for each in nodes]
        return None if any(each is None for each in parts) else make(*parts)

    def write(self, value: Any, put: dict[Any, tree.Node], span: Span) -> tree.Node | None:
        """What sympy found as a formula, with ``put`` for its symbols; None where a function in it is none of ours."""
        sympy = self.sympy
        if value in put:
            return put[value]
        if value.is_Integer:
            number = tree.Number(str(abs(int(value))), span=span)
            return tree.Neg(number, span=span) if value < 0 else number
        if value is sympy.E:
            return tree.Func("exp", (tree.Number("1", span=span),), span=span)
        if value.is_Add:
            # what is positive first, and numbers last: log(u) + 1, 1 - exp(-u)
            terms = sorted(value.args, key=lambda each: (bool(each.could_extract_minus_sign()), bool(each.is_Number)))
            return self._joined(tree.Add, [self.write(each, put, span) for each in terms], span)
        if value.could_extract_minus_sign() and not value.is_Pow and not isinstance(value, sympy.Function):
            inner = self.write(-value, put, span)
            return None if inner is None else tree.Neg(inner, span=span)
        if value.is_Mul or value.is_Rational or (value.is_Pow and value.exp.could_extract_minus_sign()):
            top, bottom = sympy.fraction(value)
            if bottom != 1 and not isinstance(value, sympy.exp):
                parts = [self.write(each, put, span) for each in (top, bottom)]
                return None if parts[0] is None or parts[1] is None else tree.Div(parts[0], parts[1], span=span)
        if value.is_Mul:
            factors = [self.write(each, put, span) for each in value.as_ordered_factors()]
            if any(each is None for each in factors):
                return None
            return tree.Mul(tuple(each for each in factors if each), ("*",) * (len(factors) - 1), span=span)
        if isinstance(value, sympy.exp | sympy.log):
            inner = self.write(value.args[0], put, span)
            return None if inner is None else tree.Func(type(value).__name__, (inner,), span=span)
        if value.is_Pow:
            base = self.write(value.base, put, span)
            exponent = self.write(value.exp, put, span)
            if base is None or exponent is None:
                return None
            half = value.exp == sympy.Rational(1, 2)
            return tree.Func("sqrt", (base,), span=span) if half else tree.Power(base, exponent, span=span)
        if type(value).__name__ in _FUNCTIONS:
            inner = self.write(value.args[0], put, span)
            return None if inner is None else tree.Func(type(value).__name__, (inner,), span=span)
        return None

    @staticmethod
    def _joined(make: Any, parts: list[tree.Node | None], span: Span) -> tree.Node | None:
        return None if any(each is None for each in parts) else make(tuple(parts), span=span)
