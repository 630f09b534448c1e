r"""Equations in differentials, ``dx = f(t) x\, dt + g(t)\, dw``: what stands beside ``dt`` and beside ``dw``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from formula2dgm.records import dataclass
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import GREEK

#: Letters of the motion that noise makes.
_NOISES = ("w", "W", "B", "omega")


@dataclass(frozen=True, slots=True)
class Equation:
    """``d variable = drift d time + diffusion dw``; a part that is None is not there."""

    variable: tree.Symbol
    time: tree.Symbol
    drift: tree.Node | None
    diffusion: tree.Node | None
    chain: tree.Chain


def is_in_differentials(node: tree.Node) -> bool:
    """Does a statement say how a differential is made: ``dx = ... dt``, ``\\frac{dx}{dt} = ...``?"""
    if not isinstance(node, tree.Chain) or node.relations != ("=",):
        return False
    left, right = node.members
    if isinstance(left, tree.Prefix) and left.name == "jac":
        return isinstance(left.operand, tree.Symbol | tree.Call)
    return _last(left) is not None and any(_last(each) is not None for each in right.walk())


def read_equation(chain: tree.Chain) -> Equation | None:
    """The equation of a statement in differentials; None where a part of it is neither beside ``dt`` nor ``dw``."""
    left, right = chain.members
    own = _last(left)
    if own is None or own[0] is not None:
        return None
    parts: dict[bool, tree.Node | None] = {}
    time = None
    for term in _terms(right):
        found = _last(term)
        if found is None:
            return None
        factor, by = found
        noise = by.letter in _NOISES
        if noise in parts:
            return None
        parts[noise] = factor if factor is not None else tree.Number("1", span=term.span)
        time = time if noise else by
    time = time or tree.Symbol("t", span=chain.span)
    return Equation(own[1], time, parts.get(False), parts.get(True), chain)


def _terms(node: tree.Node) -> Iterator[tree.Node]:
    """The summands, their signs kept."""
    match node:
        case tree.Add(terms=terms):
            for each in terms:
                yield from _terms(each)
        case tree.Neg(body=tree.Mul(factors=(first, *rest)) as body):
            yield replace(body, factors=(tree.Neg(first, span=first.span), *rest))
        case _:
            yield node


def _last(node: tree.Node) -> tuple[tree.Node | None, tree.Symbol] | None:
    """What stands before the differential at the end of a product, and what it is of."""
    factors = node.factors if isinstance(node, tree.Mul) else (node,)
    *before, last = factors
    if not isinstance(last, tree.Symbol):
        return None
    if last.letter[:1] == "d" and _is_variable(last.letter[1:]):
        return _product(node, before), replace(last, letter=last.letter[1:])
    if before and isinstance(before[-1], tree.Symbol) and before[-1].letter == "d" and not before[-1].sub:
        return _product(node, before[:-1]), last
    return None


def _product(node: tree.Node, factors: list[tree.Node]) -> tree.Node | None:
    if not factors:
        return None
    assert isinstance(node, tree.Mul)
    span = factors[0].span | factors[-1].span
    return factors[0] if len(factors) == 1 else tree.Mul(tuple(factors), node.ops[: len(factors) - 1], span=span)


def _is_variable(letters: str) -> bool:
    return (len(letters) == 1 and letters.isalpha()) or letters in GREEK
