"""What kind of statement each one is, told from the shapes of all of them, before anything is resolved.

The resolver decides by the same rules, and by more: it knows what is bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from formula2dgm import registry
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.objective_like import is_objective_like
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

Kind = Literal[
    "objective", "distribution", "factorisation", "definition", "constant", "space", "constraint", "chain", "identity"
]
_EQUAL = frozenset({"=", ":="})
_INEQUALITIES = frozenset({"<=", ">=", "<", ">", "!="})
_DERIVATIVES = frozenset({"grad", "hess", "jac", "div", "partial"})
_OF_OBJECTIVES = (tree.Call, tree.Norm, tree.Expect, tree.Divergence, tree.Optimise)
_NUMERIC = (tree.Number, tree.Infinity, tree.Neg, tree.Div, tree.Power, tree.Sqrt, tree.Mul, tree.Add)


def kinds_of(statements: Sequence[tree.Statement]) -> list[Kind]:
    """The kind of each statement of a model.

    >>> from formula2dgm.syntax import parse
    >>> kinds_of(parse("p(z) = N(z; 0, I); beta = 4; x in {0,1}^8; L = E_q[log p(x|z)] - beta KL[q||p]")[0])
    ['distribution', 'constant', 'space', 'objective']
    """
    uses: Counter[tuple[object, ...]] = Counter()
    for each in statements:
        uses.update(_names_used(each.body))
    kinds = [_kind(each.body, uses) for each in statements]
    wanted = [kind == "objective" and not _is_identity(each.body) for kind, each in zip(kinds, statements, strict=True)]
    if not any(wanted):
        return kinds
    return ["identity" if kind == "objective" and not own else kind for kind, own in zip(kinds, wanted, strict=True)]


def _names_used(body: tree.Node) -> set[tuple[object, ...]]:
    """The names in a statement, the one it defines left out."""
    roots = body.members[1:] if isinstance(body, tree.Chain) and _defines(body) else (body,)
    return {_name(each) for root in roots for each in root.all(tree.Symbol)}


def _defines(chain: tree.Chain) -> bool:
    return isinstance(chain.members[0], tree.Symbol) and chain.relations[0] in _EQUAL


def _name(symbol: tree.Symbol) -> tuple[object, ...]:
    labels = tuple(str(each) for each in symbol.sub if isinstance(each, tree.Symbol) and len(each.letter) > 1)
    return symbol.letter, symbol.style, symbol.accents, labels


def _kind(body: tree.Node, uses: Counter[tuple[object, ...]]) -> Kind:
    if not isinstance(body, tree.Chain):
        return "objective"
    left, relation, right = body.members[0], body.relations[0], body.members[-1]
    if relation in ("in", "notin", "subset"):
        return "space"
    if relation == "~" or relation == "propto":
        return "distribution"
    if relation in _EQUAL and is_density_call(left):
        return "definition" if _is_value(left) and is_objective_like(right) else _density_kind(right)
    if any(each in _INEQUALITIES for each in body.relations) and _bounds_a_name(body):
        return "constraint"
    if relation in _EQUAL and isinstance(left, tree.Symbol):
        if _is_number(right):
            return "constant"
        if uses[_name(left)] or not any(map(is_objective_like, body.members[1:])):
            return "definition"
        return "objective"
    if any(map(is_objective_like, body.members)):
        return "objective"
    return "definition" if len(body.members) == 2 and relation in _EQUAL else "chain"


def _is_identity(body: tree.Node) -> bool:
    """Does this say what an expression without a name is: a gradient, an expectation, a divergence, sums of logs of
    plain names? It says no more than the objectives beside it; nor does a bare value, ``|1 + u^T w|``."""
    if not isinstance(body, tree.Chain):
        return not is_objective_like(body)
    if not set(body.relations) <= _EQUAL:
        return False
    match body.members[0]:
        case tree.Prefix(name=name) | tree.Func(name=name) if name in _DERIVATIVES:
            return True
        case tree.Expect() | tree.Divergence():
            return True
        case tree.Symbol() | tree.Call():
            return False
    return not any(isinstance(each, _OF_OBJECTIVES) for member in body.members for each in member.walk())


def _is_value(left: tree.Node) -> bool:
    """Is this rather a function of its arguments than a density: ``Q(s, a)``, ``r(x, y)`` without a bar?"""
    return isinstance(left, tree.Call) and left.given is None and spelling(left.head) not in ("p", "q", "P")


def _density_kind(right: tree.Node) -> Kind:
    """A written density is a family, a product of densities, or something else that is a distribution."""
    factors = right.factors if isinstance(right, tree.Mul) else (right,)
    parts = [part for each in factors for part in _quotient(each)]
    bodies = [each.body if isinstance(each, tree.Big) and each.op == "prod" else each for each in parts]
    if any(isinstance(each, tree.Call) and registry.family_by_spelling(spelling(each.head)) for each in bodies):
        return "distribution"
    return "factorisation" if any(map(_is_factor, bodies)) else "distribution"


def _quotient(node: tree.Node) -> tuple[tree.Node, ...]:
    return (node.numerator, node.denominator) if isinstance(node, tree.Div) else (node,)


def _is_factor(node: tree.Node) -> bool:
    return any(is_density_call(each) for each in (node.factors if isinstance(node, tree.Mul) else (node,)))


def _bounds_a_name(chain: tree.Chain) -> bool:
    """Is this a bound on a name, or on an expression by a number: ``beta > 1``, ``KL[q || p] <= epsilon``?"""
    ends = (chain.members[0], chain.members[-1])
    plain = [isinstance(each, tree.Number | tree.Infinity) or _is_scalar_name(each) for each in ends]
    return all(plain) or (any(plain) and not any(map(_is_log_density, ends)))


def _is_scalar_name(node: tree.Node) -> bool:
    return isinstance(node, tree.Symbol) and not node.style and node.letter not in ("L", "J", "V", "ELBO")


def _is_log_density(node: tree.Node) -> bool:
    return isinstance(node, tree.Prefix | tree.Func) and node.name == "log"


def _is_number(node: tree.Node) -> bool:
    return isinstance(node, _NUMERIC) and not any(isinstance(each, tree.Symbol | tree.Call) for each in node.walk())
