r"""Couplings that a text says are the cheapest: between which laws, at what cost.

\mathrm{OT}(q_0, q_1)
\arg\min_{\pi \in \Pi(q_0, q_1)} E_\pi \|x_0 - x_1\|^2     \int \|x_0 - x_1\|^2 d\pi(x_0, x_1)
\mathrm{OT}_\epsilon(q_0, q_1)                             ... - \epsilon H(\pi), ... + \epsilon KL[\pi \| q_0 q_1]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.numbers import constant
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree

#: What the set of all couplings of two laws is called.
COUPLINGS = frozenset(("Pi", "Gamma"))

HINT = r"write \pi = \mathrm{OT}(q_0, q_1), or \pi = \arg\min_{\pi \in \Pi(q_0, q_1)} E_\pi \|x_0 - x_1\|^2"


@dataclass(frozen=True, slots=True)
class Plan:
    """A coupling of two laws that costs least, in squared distance.

    laws    the laws of its two variables
    pair    the variables, where the text names them
    weight  what its negative entropy is weighed with beside the mean squared distance; None: with nothing
    """

    laws: tuple[tree.Node, tree.Node]
    pair: tuple[tree.Symbol, tree.Symbol] | None = None
    weight: tree.Node | None = None


def plan_of(node: tree.Node) -> Plan | None:
    """The plan that an expression is; None for anything else. Refuses costs that are no squared distances."""
    match node:
        case tree.Call(head=tree.Symbol("OT", sub=sub), args=(first, second), given=None, params=params):
            weights = (*sub, *(params or ()))
            if len(weights) > 1:
                refuse(f"{node} has several weights of the entropy", node)
            return Plan((first, second), _arguments(first, second), next(iter(weights), None))
        case tree.Optimise(op="argmin", names=(tree.Relates(name, "in", space),), body=body) if (
            laws := laws_coupled(space)
        ) is not None:
            return _cheapest(_head(name), laws, body)
    return None


def laws_coupled(space: tree.Node) -> tuple[tree.Node, tree.Node] | None:
    """The two laws of ``\\Pi(q_0, q_1)``, the set of their couplings."""
    match space:
        case tree.Call(head=tree.Symbol(letter), args=(first, second), given=None) if letter in COUPLINGS:
            return first, second
    return None


def refuse(message: str, place: tree.Node) -> NoReturn:
    """Refuse a coupling of which the text does not say what is known here."""
    raise FormulaError(Diagnostic("F2D-0540", "error", message, place.span, HINT))


def _head(name: tree.Node) -> tree.Node:
    return name.head if isinstance(name, tree.Call) else name


def _arguments(*laws: tree.Node) -> tuple[tree.Symbol, tree.Symbol] | None:
    """The variables of ``q_0(x_0)`` and ``q_1(x_1)``."""
    match laws:
        case (tree.Call(args=(tree.Symbol() as one,)), tree.Call(args=(tree.Symbol() as other,))) if one != other:
            return one, other
    return None


def _cheapest(name: tree.Node, laws: tuple[tree.Node, tree.Node], body: tree.Node) -> Plan:
    """The plan with the least mean squared distance, and with an entropy beside it."""
    terms = _terms(body)
    costs = [(found, each) for each in terms if (found := _cost(name, each)) is not None]
    if len(costs) != 1 or len(terms) > 2:
        refuse(f"{body} is no mean of the squared distance of two variables, alone or with an entropy", body)
    ((pair, scale), cost) = costs[0]
    others = [each for each in terms if each is not cost]
    if not others:
        return Plan(laws, pair)
    weight = _weight(name, others[0])
    if weight is None:
        refuse(f"{others[0]} is no entropy of {name}, nor its divergence from a product", others[0])
    return Plan(laws, pair, weight if scale == 1 else tree.Div(weight, _number(scale, weight), span=weight.span))


def _terms(body: tree.Node) -> tuple[tree.Node, ...]:
    """The summands, those under an expectation without brackets each under it: an entropy depends on no draw."""
    match body:
        case tree.Add(terms):
            return tuple(term for each in terms for term in _terms(each))
        case tree.Expect(body=tree.Add(terms)):
            return tuple(replace(body, body=each) if _holds_norm(each) else each for each in terms)
    return (body,)


def _holds_norm(node: tree.Node) -> bool:
    return any(isinstance(each, tree.Norm) for each in node.walk())


def _number(value: float, place: tree.Node) -> tree.Node:
    return tree.Number(repr(value), span=place.span)


def _cost(name: tree.Node, term: tree.Node) -> tuple[tuple[tree.Symbol, tree.Symbol], float] | None:
    """The two variables of a mean of their squared distance under a coupling, and the number in front of it."""
    match term:
        case tree.Expect(binders=(tree.Draws(density=source),)) if _head(source) == name:
            return _square(term.body)
        case tree.Expect(binders=(source,)) if _head(source) == name:
            return _square(term.body)
        case tree.Integral(body=body, variables=(measure,)) if _head(measure) == name:
            return _square(body)
        case tree.Integral(body=tree.Mul(factors=factors), variables=over) if len(over) == 2:
            others = [each for each in factors if _head(each) != name]
            return _square(_product(others, term)) if len(others) == len(factors) - 1 else None
        case tree.Mul(factors=factors):
            numbers = [value for each in factors if (value := constant(each)) is not None and value > 0]
            found = [pair for each in factors if (pair := _cost(name, each)) is not None]
            if len(found) == 1 and len(numbers) == len(factors) - 1:
                return found[0][0], found[0][1] * _multiplied(numbers)
    return None


def _square(node: tree.Node) -> tuple[tuple[tree.Symbol, tree.Symbol], float] | None:
    """The variables of ``\\|x - y\\|^2``, and the number in front of it."""
    match node:
        case tree.Power(
            tree.Norm(tree.Add((tree.Symbol() as one, tree.Neg(tree.Symbol() as other))), order), tree.Number("2")
        ) if order is None or str(order) == "2":
            return (one, other), 1.0
        case tree.Mul(factors=factors):
            numbers = [value for each in factors if (value := constant(each)) is not None and value > 0]
            rest = [each for each in factors if constant(each) is None]
            if len(rest) == 1 and len(numbers) == len(factors) - 1 and (found := _square(rest[0])) is not None:
                return found[0], found[1] * _multiplied(numbers)
        case tree.Div(top, bottom) if (value := constant(bottom)) is not None and value > 0:
            if (found := _square(top)) is not None:
                return found[0], found[1] / value
    return None


def _multiplied(numbers: Sequence[float]) -> float:
    out = 1.0
    for each in numbers:
        out *= each
    return out


def _product(factors: Sequence[tree.Node], place: tree.Node) -> tree.Node:
    return factors[0] if len(factors) == 1 else tree.Mul(tuple(factors), ("",) * (len(factors) - 1), span=place.span)


def _weight(name: tree.Node, term: tree.Node) -> tree.Node | None:
    """What stands before the entropy of a coupling, ``-\\epsilon H(\\pi)``, or its divergence from a product."""
    wanted: type[tree.Node] = tree.Divergence
    if isinstance(term, tree.Neg):
        wanted, term = tree.Func, term.body
    factors = term.factors if isinstance(term, tree.Mul) else (term,)
    found = [each for each in factors if isinstance(each, wanted) and _is_regulariser(name, each)]
    others = [each for each in factors if each not in found]
    if len(found) != 1:
        return None
    return _product(others, term) if others else _number(1.0, term)


def _is_regulariser(name: tree.Node, node: tree.Node) -> bool:
    match node:
        case tree.Func(name="H", args=(law,)):
            return _head(law) == name
        case tree.Divergence(name="KL", left=left, right=tree.Mul(factors=(_, _))):
            return _head(left) == name
    return False
