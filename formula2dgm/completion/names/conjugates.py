r"""Convex functions of one number: the derivative, and the conjugate \sup_u (u t - f(u)), in closed form by sympy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from formula2dgm.completion.names.elementary import LARGEST, Elementary
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

#: Where a formula that sympy found is compared with what it has to be, and what constants are there.
_POINTS = (0.03, 0.2, 0.7, 1.0, 1.6, 4.0, 30.0)
_CONSTANT = 1.7
#: Beyond this many operations a place of the supremum is no closed form that one would write.
_LARGEST_PLACE = 20


@dataclass(frozen=True)
class Convex:
    """``name(u) = value``, as sympy has it."""

    name: tree.Symbol
    known: Elementary
    value: Any

    @classmethod
    def read(cls, name: tree.Symbol, slot: tree.Symbol, body: tree.Node) -> Convex | None:
        """The function; None where it holds more than elementary functions of u and constants."""
        if not any(each == slot for each in body.walk()) or any(each == name for each in body.walk()):
            return None
        known = Elementary(slot)
        value = known.read(body)
        if value is None or value.has(known.sympy.zoo, known.sympy.nan) or known.sympy.count_ops(value) > LARGEST:
            return None
        return cls(name, known, value)

    def derivative(self, at: tree.Node, span: Span) -> tree.Node:
        return self._put(self._slope(span), at, span)

    def conjugate_of_derivative(self, at: tree.Node, span: Span) -> tree.Node:
        """``f^*(f'(u)) = u f'(u) - f(u)``."""
        self._refuse_concave(span)
        return self._put(_shortest(self.known, self.known.variable * self._slope(span) - self.value), at, span)

    def conjugate(self, at: tree.Node, span: Span) -> tree.Node:
        """``f^*`` at a value."""
        self._refuse_concave(span)
        sympy, u, slope = self.known.sympy, self.known.variable, self._slope(span)
        t = sympy.Symbol("t", real=True)
        try:
            found = sympy.solve(sympy.logcombine(slope) - t, u)
        except NotImplementedError:
            found = []
        for place in (each for each in found if sympy.count_ops(each) <= _LARGEST_PLACE):
            exact = place * t - self.value.subs(u, place)
            inside = {each: each.args[0] for each in exact.atoms(sympy.Abs)}
            turned = {each: -inner for each, inner in inside.items()}
            for value in (_shortest(self.known, exact.subs(each)) for each in (inside, turned)):
                if self._agrees(value, t, slope):
                    return self._put(value, at, span, t)
        raise self._refusal(f"no closed form is found for the convex conjugate of {self.name}", span)

    def _agrees(self, value: Any, t: Any, slope: Any) -> bool:
        """Is this the conjugate at the slopes of some points, where that is u f'(u) - f(u)?"""
        for point in _POINTS:
            at = {self.known.variable: point, **dict.fromkeys(self.known.constants, _CONSTANT)}
            found = value.subs({**at, t: slope.subs(at)}).evalf()
            wanted = (self.known.variable * slope - self.value).subs(at).evalf()
            if not found.is_real or abs(found - wanted) > 1e-8 * (1 + abs(wanted)):
                return False
        return True

    def _slope(self, span: Span) -> Any:
        """f'."""
        slope = _shortest(self.known, self.value.diff(self.known.variable))
        if slope.has(self.known.sympy.Derivative, self.known.sympy.sign):
            raise self._refusal(f"{self.name} has no derivative in closed form", span)
        return slope

    def _refuse_concave(self, span: Span) -> None:
        """Only a convex function has its slopes once, so that \\sup_u (u t - f(u)) is where the slope is t."""
        bend = self.value.diff(self.known.variable, 2)
        if bend.is_nonnegative:
            return
        for point in _POINTS:
            at = bend.subs({self.known.variable: point, **dict.fromkeys(self.known.constants, _CONSTANT)}).evalf()
            if not at.is_real or at < -1e-9:
                raise self._refusal(f"{self.name} is not convex, so it has no conjugate that is read", span)

    def _put(self, value: Any, at: tree.Node, span: Span, variable: Any = None) -> tree.Node:
        """The value with u, or another variable, at what is given."""
        put = {symbol: node for node, symbol in self.known.symbols.items()}
        made = self.known.write(value, {**put, variable or self.known.variable: at}, span)
        if made is None:
            raise self._refusal(f"what is made of {self.name} has no elementary form", span)
        return made

    def _refusal(self, message: str, span: Span) -> FormulaError:
        hint = f"write what is needed of it: {self.name}'(u) = ..., {self.name}^*(t) = ..."
        return FormulaError(Diagnostic("F2D-0565", "error", message, span, hint))


def _shortest(known: Elementary, value: Any) -> Any:
    """The shortest of the forms that sympy knows of an expression."""
    sympy = known.sympy
    expanded = sympy.expand(value)
    found = min((expanded, value, sympy.simplify(value), sympy.simplify(expanded)), key=sympy.count_ops)

    def of_quotient(argument: Any) -> Any:
        """``log(1/a)`` as ``-log(a)``."""
        top, bottom = sympy.fraction(argument)
        return -sympy.log(top * bottom) if top in (1, -1) and bottom != 1 else sympy.log(argument)

    return found.replace(sympy.log, of_quotient)
