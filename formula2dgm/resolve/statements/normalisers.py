r"""Normalisers: ``p(x) = \exp(-E(x)) / Z(\theta)`` says what ``p(x) \propto \exp(-E(x))`` does.

A Z that nothing gives a value, or that the text defines as the integral, is the constant that makes a density one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.names import read_name
from formula2dgm.reading.rewrite import map_children
from formula2dgm.resolve.statements.model import Declared, Model
from formula2dgm.syntax import tree

#: Letters of normalisers, with their style.
LETTERS = frozenset(("Z", "calZ"))
UNNORMALISED = "unnormalised"


def take_normalisers(model: Model, keys: Sequence[tree.Node]) -> None:
    """Leave the normalisers out of the densities that are divided by one."""
    bound = frozenset(read_name(each, model.indices, head=True).full for each in keys if isinstance(each, tree.Symbol))
    model.densities = [_Density(model, bound, each).unnormalised() for each in model.densities]


class _Density:
    """A density that a statement writes out."""

    def __init__(self, model: Model, bound: frozenset[str], declared: Declared):
        self.model, self.bound, self.declared = model, bound, declared

    def unnormalised(self) -> Declared:
        """The density without its normaliser, where it has one."""
        body, declared = self.declared.body, self.declared
        if declared.kind == "log" and isinstance(body, tree.Add):
            kept = tuple(each for each in body.terms if not self._is_log(each))
            if 0 < len(kept) < len(body.terms):
                rest = kept[0] if len(kept) == 1 else replace(body, terms=kept)
                return self._known(tree.Func("exp", (rest,), span=body.span))
        if declared.kind != "expression":
            return declared
        if isinstance(body, tree.Div) and self._is_normaliser(body.denominator, body.numerator):
            return self._known(body.numerator)
        if isinstance(body, tree.Mul):
            left = tuple(each for each in body.factors if not self._is_inverse(each))
            if 0 < len(left) < len(body.factors):
                ops = ("",) * (len(left) - 1)
                return self._known(left[0] if len(left) == 1 else tree.Mul(left, ops, span=body.span))
        return declared

    def _known(self, body: tree.Node) -> Declared:
        return replace(self.declared, kind=UNNORMALISED, body=body)

    def _is_log(self, term: tree.Node) -> bool:
        """``-\\log Z``."""
        match term:
            case tree.Neg(tree.Prefix("log", inside) | tree.Func("log", (inside,))):
                return self._is_normaliser(inside)
        return False

    def _is_inverse(self, factor: tree.Node) -> bool:
        """``1/Z``, ``Z^{-1}``."""
        match factor:
            case tree.Div(tree.Number("1"), inside) | tree.Power(inside, tree.Neg(tree.Number("1"))):
                return self._is_normaliser(inside)
        return False

    def _is_normaliser(self, node: tree.Node, of: tree.Node | None = None) -> bool:
        """Is this the integral of ``of``, or a Z that stands for it?"""
        if isinstance(node, tree.Integral):
            return of is not None and self._integrates(node, of)
        symbol = node.head if isinstance(node, tree.Call) else node
        if not isinstance(symbol, tree.Symbol) or symbol.style + symbol.letter not in LETTERS:
            return False
        name = read_name(symbol, self.model.indices, head=True)
        said = self.model.definitions.get(name.full) or self.model.definitions.get(name.id)
        return name.full not in self.bound and (said is None or isinstance(said.body, tree.Integral))

    def _integrates(self, integral: tree.Integral, of: tree.Node) -> bool:
        """``\\int \\exp(-E(x')) dx'``: is it over the one variable of the density, of what stands above it?"""
        slots = self.declared.signature.slots[: len(self.declared.signature.variables)]
        if len(slots) != 1 or len(integral.variables) != 1:
            return False
        variable = integral.variables[0]

        def named(node: tree.Node) -> tree.Node:
            return slots[0] if node == variable else map_children(node, named)

        return named(integral.body) == of
