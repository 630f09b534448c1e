"""How tightly a node binds, and what would swallow text printed behind it."""

from __future__ import annotations

from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import GREEK, OPTIMISERS

CHAIN, SUM, PRODUCT, FACTOR, ATOM = range(5)
LEVELS: dict[type[tree.Node], int] = {
    tree.Chain: CHAIN,
    tree.Optimise: CHAIN,
    tree.Add: SUM,
    tree.Neg: SUM,
    tree.Mul: PRODUCT,
    tree.Div: PRODUCT,
    tree.Prefix: PRODUCT,
    tree.Big: PRODUCT,
    tree.Power: FACTOR,
    tree.Evaluated: PRODUCT,
}
OPENERS = ("(", "[", "{", "\\{", "\\left", "<")
OPERATOR_NAMES = frozenset({"grad", "nabla", "partial"})  # names only where nothing follows
_BRACKETED = (tree.Tuple, tree.Interval, tree.SetOf, tree.SetWhere)
SET_FAMILIES = frozenset({"Uniform", "U", "Unif", "Categorical", "Cat"})


def level_of(node: tree.Node) -> int:
    """How tightly a node binds."""
    if isinstance(node, tree.Expect):
        return PRODUCT if node.open else ATOM
    return LEVELS.get(type(node), ATOM)


def tail(node: tree.Node) -> str:
    """What would swallow text printed behind a node: ``prefix``, ``big``, ``last`` (all of the sum) or nothing."""
    match node:
        case tree.Optimise():
            return "last"
        case tree.Big() | tree.Expect(open=True):
            return "big"
        case tree.Prefix():
            return _bare_tail(node.operand) or "prefix"
        case tree.Mul():
            return _bare_tail(node.factors[-1]) if level_of(node.factors[-1]) >= PRODUCT else ""
        case tree.Neg():
            return _bare_tail(node.body) if level_of(node.body) >= PRODUCT else ""
        case tree.Add():
            return tail(node.terms[-1])
    return ""


def begins_with_optimiser(node: tree.Node) -> bool:
    """Whether a value begins with ``max`` and its kin, which would be read as what the whole statement wants."""
    match node:
        case tree.Big():
            return node.op in OPTIMISERS
        case tree.Mul():
            return begins_with_optimiser(node.factors[0])
        case tree.Div():
            return begins_with_optimiser(node.numerator)
    return False


def ends_in_integral(node: tree.Node) -> bool:
    """Whether the differentials of an integral are the last that is printed of a node."""
    match node:
        case tree.Integral():
            return True
        case tree.Mul():
            return ends_in_integral(node.factors[-1])
        case tree.Div():
            return ends_in_integral(node.denominator)
        case tree.Neg():
            return ends_in_integral(node.body)
        case tree.Prefix():
            return ends_in_integral(node.operand)
        case tree.Big() | tree.Expect(open=True) | tree.Optimise():
            return ends_in_integral(node.body)
    return False


def _bare_tail(node: tree.Node) -> str:
    return tail(node) if level_of(node) >= PRODUCT or isinstance(node, tree.Optimise | tree.Neg) else ""


def has_bare_op(node: tree.Node) -> bool:
    """Whether an explicit sign of multiplication stands bare in a node, which ends a function's operand."""
    match node:
        case tree.Mul():
            return any(node.ops) or has_bare_op(node.factors[0])
        case tree.Div():
            return has_bare_op(node.numerator)
        case tree.Neg():
            return has_bare_op(node.body)
    return False


def is_label(base: tree.Node, exponent: tree.Node) -> bool:
    """Whether an exponent, printed on this base, would be read as a label or an index."""
    if not isinstance(base, tree.Symbol):
        return False
    if isinstance(exponent, _BRACKETED):
        return True
    if not isinstance(exponent, tree.Symbol) or exponent.accents or exponent.sub or exponent.sup or exponent.style:
        return False
    if exponent.letter == "top" or exponent.letter in GREEK or (base.letter == "e" and not base.accents):
        return False
    capital = base.letter in ("L", "J") and exponent.letter.isupper()
    return len(exponent.letter) > 1 or capital or exponent.letter == "T"


def is_signed(node: tree.Node) -> bool:
    first = node.terms[0] if isinstance(node, tree.Add) else node
    return isinstance(first, tree.Neg)


def takes_brackets(node: tree.Node) -> bool:
    """Whether a bracket right behind this factor would be read as its arguments."""
    if isinstance(node, tree.Div):
        return takes_brackets(node.denominator)
    return isinstance(node, tree.Symbol) or (isinstance(node, tree.Power) and isinstance(node.base, tree.Symbol))
