"""How far a ``log`` without brackets reaches.

It covers the factors behind it while they are densities or their ratios, while they are constants, or where they end
in a big operator or in a sum of densities: ``\\log p(x|z) p(z)`` and ``\\log \\frac12 (p(x) + q(x))`` are logs of the
products, ``\\log\\pi(a|s) A(s, a)`` a product with a log.
Behind a density only a big operator over densities is its own.

What would make no sense under the log ends it: a logarithm that divides, ``\\log a / \\log b``; a density that stands
under it already, ``\\log\\frac{p}{q} q``; the
measure of the sum or integral around it, ``\\int \\log p(x|z) p(z) dz``; under a derivative each factor that makes no
joint with those before, ``\\nabla\\log\\pi(a|s) \\mu(s)``, each sum, and a norm that divides.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.rewrite import span_over
from formula2dgm.reading.signature import is_density_at_value, is_density_call
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree

#: Sets that are the data: a sum over their members has no measure.
_DATA_SETS = frozenset(("D", "B", "data"))

#: What a log covers: its argument, the factors left outside, a divisor left outside.
Extent = tuple[tree.Node, tuple[tree.Node, ...], tree.Node | None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a log stands: directly behind a derivative, and under which sum or integral that has no measure yet
    (``measured``: what it is over)."""

    derived: bool = False
    measured: frozenset[str] = frozenset()


ANYWHERE = Place()


def log_extent(operand: tree.Node, place: Place = ANYWHERE) -> Extent:
    if isinstance(operand, tree.Mul):
        end = _end(operand.factors, place)
        inside = operand.factors[:end]
        argument = inside[0] if end == 1 else tree.Mul(inside, operand.ops[: end - 1], span=span_over(inside))
        return argument, operand.factors[end:], None
    if isinstance(operand, tree.Div) and is_log(operand.denominator):
        return operand.numerator, (), operand.denominator
    if isinstance(operand, tree.Div) and is_density_like(operand.numerator) and not is_density_like(operand):
        if _is_constant(operand.denominator) or (place.derived and isinstance(operand.denominator, tree.Norm)):
            return operand.numerator, (), operand.denominator
    return operand, (), None


def _end(factors: tuple[tree.Node, ...], place: Place) -> int:
    """How many of the factors behind a log are under it."""
    first = factors[0]
    measure = _measure(factors, place.measured)
    if not (is_density_like(first) or _is_constant(first) or _before_operator(factors, 0)):
        return 1
    for position in range(1, len(factors)):
        if position == measure or not _goes_on(factors, position, place):
            return position
    return len(factors)


def _goes_on(factors: tuple[tree.Node, ...], position: int, place: Place) -> bool:
    first, factor = factors[0], factors[position]
    if _is_constant(first):
        mixture = not place.measured and _is_sum_of_densities(factor)
        return _is_constant(factor) or _before_operator(factors, position) or _ends_in_operator(factor) or mixture
    before = factors[:position]
    if is_density_like(first) and (_ends_in_operator(factor) or _before_operator(factors, position)):
        return _is_over_densities(factors[-1], first) and not (place.derived and _is_sum(factors[-1]))
    if not is_density_like(first):
        return _is_density_behind(factor, _letter(first).isupper()) or _ends_in_operator(factor)
    if _is_determinant(factor):
        return True
    if any(factor == each for every in before for each in every.walk()):
        return False
    return _is_density_behind(factor, _letter(first).isupper()) and (not place.derived or _makes_joint(factor, before))


def _is_density_behind(node: tree.Node, capital: bool) -> bool:
    """A density behind a density; ``Q(s, a)`` without a bar is one only behind another capital letter. So is a
    determinant."""
    if _is_determinant(node):
        return True
    named = isinstance(node, tree.Call) and node.given is None and _letter(node).isupper()
    return is_density_like(node) and (capital or not named)


def _makes_joint(node: tree.Node, before: tuple[tree.Node, ...]) -> bool:
    """Is this a density, of a letter before it, over what one before it is given: the p(z) behind p(x|z)?"""
    if not isinstance(node, tree.Call):
        return False
    calls = [each for every in before for each in every.all(tree.Call)]
    given = {each for call in calls for each in call.given or ()}
    return any(_letter(call) == _letter(node) for call in calls) and set(node.args) <= given


def _letter(node: tree.Node) -> str:
    head = node.head if isinstance(node, tree.Call) else None
    return head.letter if isinstance(head, tree.Symbol) else ""


def is_density_like(node: tree.Node) -> bool:
    """A density, or a product, ratio or power of densities."""
    if isinstance(node, tree.Big):
        return node.op == "prod" and is_density_like(node.body)
    if isinstance(node, tree.Mul):
        return all(is_density_like(each) for each in node.factors)
    if isinstance(node, tree.Div):
        return is_density_like(node.numerator) and is_density_like(node.denominator)
    if isinstance(node, tree.Power):
        return is_density_like(node.base)
    return is_density_call(node) or is_density_at_value(node)


def _is_determinant(node: tree.Node) -> bool:
    """``|det ∂f/∂x|``, or a power of it: what a change of variables multiplies a density by."""
    base = node.base if isinstance(node, tree.Power) else node
    inside = base.body if isinstance(base, tree.Abs) else None
    return isinstance(inside, tree.Prefix | tree.Func) and inside.name == "det"


def _before_operator(factors: tuple[tree.Node, ...], position: int) -> bool:
    """Is this a constant whose product runs into a big operator: the ``1/K`` of ``log 1/K sum_k``?"""
    rest = factors[position:]
    return _ends_in_operator(rest[-1]) and all(_is_constant(each) for each in rest[:-1])


def is_log(node: tree.Node) -> bool:
    """Is this a logarithm, with brackets or without?"""
    return isinstance(node, tree.Prefix | tree.Func) and node.name == "log"


def _ends_in_operator(node: tree.Node) -> bool:
    return isinstance(node, tree.Big | tree.Expect | tree.Integral)


def _is_sum(node: tree.Node) -> bool:
    return isinstance(node, tree.Big) and node.op == "sum"


def _is_over_densities(operator: tree.Node, first: tree.Node) -> bool:
    """Is the body of a big operator a density, or a product that holds one?

    Behind ``\\pi(a|s)`` a call of another letter without a bar, ``r(s, a)``, is none.
    """
    if isinstance(operator, tree.Big | tree.Expect | tree.Integral):
        return _is_over_densities(operator.body, first)
    if isinstance(operator, tree.Mul):
        return any(_is_over_densities(each, first) for each in operator.factors)
    if isinstance(operator, tree.Call) and operator.given is None and _letter(operator) not in ("p", "q"):
        return is_density_like(operator) and _letter(operator) == _letter(first)
    return is_density_like(operator)


def _is_sum_of_densities(node: tree.Node) -> bool:
    """Are the terms in a bracket densities, weighed or summed: a mixture, whose logarithm alone is wanted?"""
    if not isinstance(node, tree.Add):
        return False
    for term in node.terms:
        factors = term.factors if isinstance(term, tree.Mul) else (term,)
        inside = [each.body if _is_sum(each) else each for each in factors if not _is_constant(each)]  # type: ignore[attr-defined]
        if not inside or not all(map(is_density_like, inside)):
            return False
    return True


def _is_constant(node: tree.Node) -> bool:
    if isinstance(node, tree.Number | tree.Symbol):
        return True
    if isinstance(node, tree.Div | tree.Mul | tree.Neg | tree.Power | tree.Add):
        return all(_is_constant(each) for each in node.children)
    if isinstance(node, tree.Call) and node.given is None and node.params is None:  # N(N - 1), a product
        return any(node.head == part for each in node.args for part in each.walk()) and all(
            map(_is_constant, node.args)
        )
    return False


# -- the measure of a sum or an integral ---------------------------------------------------------------


def without_measure(node: tree.Node) -> frozenset[str]:
    """What a sum or an integral is over, if no density outside of a log is over it."""
    match node:
        case tree.Integral(body=body, variables=variables):
            over = frozenset(str(each) for each in variables if isinstance(each, tree.Symbol))
        case tree.Big(op="sum", upper=None, binders=binders, body=body):
            over = frozenset(map(str, _values(binders)))
        case _:
            return frozenset()
    body = body.body if isinstance(body, tree.Neg) else body
    factors = body.factors if isinstance(body, tree.Mul) else (body,)
    weighed = any(_is_over(each, over) for each in factors)
    return frozenset() if weighed else over


def _values(binders: tuple[tree.Node, ...]) -> Iterator[tree.Node]:
    """The names that take values of a set, and not of the data."""
    for each in binders:
        match each:
            case tree.Symbol():
                yield each
            case tree.Relates(left=tree.Symbol() as left, op="in", right=right):
                if not (isinstance(right, tree.Symbol) and right.letter in _DATA_SETS):
                    yield left


def _measure(factors: tuple[tree.Node, ...], over: frozenset[str]) -> int | None:
    """The position of the density that weighs the values: the last one behind the log that is over them."""
    found = [position for position, each in enumerate(factors) if position and _is_over(each, over)]
    return found[-1] if found else None


def _is_over(node: tree.Node, names: frozenset[str]) -> bool:
    """Is this a density over one of the names, or a ratio or product that holds one?"""
    match node:
        case tree.Call():
            return is_density_call(node) and any(str(each) in names for each in node.args)
        case tree.Div(numerator=top):
            return _is_over(top, names)
        case tree.Mul(factors=factors):
            return any(_is_over(each, names) for each in factors)
    return False
