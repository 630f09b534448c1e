"""Which divergence a formula means: ``D_{JS}``, ``D_\\alpha``, ``D_R^\\alpha``, ``\\chi^2``, ``H^2``, ``W_2^2``.

A divergence is named by the word before its bracket, or by the label of ``D``; what stands beside the label is its
order or weight. A superscript is a part of the name where the name calls for it, and a power anywhere else.
"""

from __future__ import annotations

from formula2dgm.records import dataclass
from formula2dgm.registry.definitions import DEFINITIONS, Definition, by_label
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

#: Names before a bracket that say nothing by themselves.
_BARE = frozenset(("D", "d"))
#: Distances that are no function of two densities at one point, and that a critic estimates.
_BY_CRITIC = frozenset(("W", "W_1", "MMD"))
#: Labels above ``KL`` that stand for its sum with the reverse.
_SYMMETRIC = frozenset(("sym", "symm", "s"))
#: Labels above ``D`` of divergences whose conventions differ.
_SEVERAL = frozenset(("A", "Amari"))
_CRITIC = (
    "write its dual, \\sup_f E_{p(x)}[f(x)] - E_{q(x)}[f(x)], as a game with a critic f; for two Normal densities, "
    "W_2^2(p, q)"
)
_KNOWN = "known: " + ", ".join(dict.fromkeys(each.labels[0] for each in DEFINITIONS))


@dataclass(frozen=True, slots=True)
class Meant:
    """What a written divergence is.

    what     its definition
    order    the order or weight that is written
    root     the square root of what is defined: ``W_2`` of ``W_2^2``
    written  the place: the divergence, with its superscript where that is a part of its name
    """

    what: Definition
    order: tree.Node | None
    root: bool
    written: tree.Node


def meant(context: Context, node: tree.Divergence, power: tree.Power | None = None) -> Meant:
    """What the divergence is; ``power`` is the power whose base it is."""
    above = power.exponent if power is not None else None
    label, rest = _label(node, above)
    if label == "f":
        raise context.refuse(
            "F2D-0310",
            f"{node} is an f-divergence of a function that is not known here",
            node.span,
            "write what it is: E_{q(x)}[f(p(x) / q(x))]",
        )
    if label in _BY_CRITIC or (label == "W_2" and rest):
        raise context.refuse("F2D-0310", f"{node} is no function of densities alone", node.span, _CRITIC)
    _refuse_conventions(context, node, label, above)
    found = by_label(label) if label is not None else None
    if found is None:
        raise context.refuse("F2D-0310", f"{node} is no divergence that is known", node.span, _KNOWN)
    order = _only(context, node, rest, found)
    takes = _is_part(above, found, label, order)
    if found.order == "order" and order is None and takes:
        order = above
    if found.name == "chi^2" and node.name == "chi" and not takes:
        raise context.refuse("F2D-0310", f"{node} without its square is not known", node.span, "write \\chi^2(p || q)")
    if found.order == "order" and order is None:
        raise context.refuse(
            "F2D-0310", f"{node} has no order", node.span, "write it as a subscript: D_{\\alpha}(p || q)"
        )
    if label == "KL" and node.name in _BARE:
        context.assume(f"{node}, without a label, is the Kullback-Leibler divergence", node.span)
    if found.name == "Renyi" and not (takes or node.name == "R" or len(node.sub) > 1):
        context.assume(f"{node} is the Rényi divergence of that order", node.span)
    if found.name == "Jeffreys":
        context.assume(f"{node} is KL[p || q] + KL[q || p], without a factor 1/2", node.span)
    if found.name == "H^2":
        context.assume(f"{node} is the Hellinger distance with the factor 1/2, at most 1", node.span)
    return Meant(found, order, found.rooted and not takes, power if takes and power is not None else node)


def takes_power(node: tree.Power) -> bool:
    """Is the superscript of a divergence a part of its name?"""
    base = node.base
    if not isinstance(base, tree.Divergence):
        return False
    label, rest = _label(base, node.exponent)
    found = by_label(label) if label is not None else None
    return label in _SEVERAL or (found is not None and _is_part(node.exponent, found, label, rest[0] if rest else None))


def squared_hellinger(node: tree.Power) -> tree.Divergence | None:
    """``H^2(p, q)``: the squared Hellinger distance; nobody squares a cross-entropy."""
    match node:
        case tree.Power(base=tree.Func("H", (left, right))) if _is_two(node.exponent):
            return tree.Divergence("H", left, right, span=node.span)
    return None


def _label(node: tree.Divergence, above: tree.Node | None) -> tuple[str | None, tuple[tree.Node, ...]]:
    """The label of a divergence, and what else stands in its subscript."""
    items = node.sub
    if node.name in _BARE:
        if not items:
            return ("KL", ()) if _text(above) not in _SEVERAL | {"R", "f"} else (_text(above), ())
        if (label := _text(items[0])) is not None and (by_label(label) or label in _BY_CRITIC | {"f"}):
            return label, items[1:]
        if _text(above) in _SEVERAL:
            return _text(above), items
        return ("R", items) if len(items) == 1 and _is_order(items[0]) else (None, items)
    if node.name == "W":
        return ("W_2", items[1:]) if items and _is_two(items[0]) else ("W", items)
    if node.name == "chi":
        return "chi^2", items
    if node.name == "JS" and _is_geometric(above):
        return "GJS", items
    if node.name == "KL":
        return ("J" if items and _text(items[0]) in _SYMMETRIC else "KL"), ()
    return node.name, items


def _is_geometric(above: tree.Node | None) -> bool:
    """``JS^G``, ``JS^{G_\\alpha}``."""
    return isinstance(above, tree.Symbol) and above.letter == "G"


def _is_two(node: tree.Node | None) -> bool:
    return isinstance(node, tree.Number) and node.text == "2"


def _text(node: tree.Node | None) -> str | None:
    """A label as the registry spells it."""
    match node:
        case tree.Symbol(sub=(), sup=(), accents=()):
            return node.letter
        case tree.Power(base=tree.Symbol("chi"), exponent=exponent) if _is_two(exponent):
            return "chi^2"
    return None


def _is_order(node: tree.Node) -> bool:
    """A number, a Greek letter, or ``\\alpha = 2``."""
    if isinstance(node, tree.Binds):
        return True
    numbers = all(isinstance(each, tree.Number | tree.Div | tree.Neg) for each in node.walk())
    return numbers or (isinstance(node, tree.Symbol) and node.letter in ("alpha", "lambda", "rho", "a"))


def _is_part(above: tree.Node | None, found: Definition, label: str | None, order: tree.Node | None) -> bool:
    """Is this superscript a part of the name?"""
    if above is None:
        return False
    if found.rooted or (label == "chi^2" and _is_two(above)):
        return _is_two(above)
    if found.name == "GeometricJS":
        return _is_geometric(above)
    if found.order == "order":
        return order is None or _text(above) == "R"
    return False


def _only(context: Context, node: tree.Divergence, rest: tuple[tree.Node, ...], found: Definition) -> tree.Node | None:
    """The order or weight, the one thing that may stand beside a label."""
    if not rest:
        return None
    if found.order is None or len(rest) > 1:
        raise context.refuse(
            "F2D-0310", f"{', '.join(map(str, rest))} in the name of {node} is not understood", node.span, _KNOWN
        )
    return rest[0].value if isinstance(rest[0], tree.Binds) else rest[0]


def _refuse_conventions(context: Context, node: tree.Divergence, label: str | None, above: tree.Node | None) -> None:
    if label in _SEVERAL:
        raise context.refuse(
            "F2D-0310",
            f"{node} is an alpha-divergence, of which there are several conventions",
            node.span,
            "write what it is: \\frac{4}{1-\\alpha^2} (1 - E_{p(x)}[(q(x) / p(x))^{(1+\\alpha)/2}]), or "
            "\\frac{1}{\\alpha(\\alpha-1)} (E_{p(x)}[(p(x) / q(x))^{\\alpha-1}] - 1)",
        )
    if node.name == "H" and not _is_two(above):
        raise context.refuse(
            "F2D-0310",
            f"{node} could be a cross-entropy or a Hellinger distance",
            node.span,
            "write H(p, q) for the cross-entropy, D_H(p || q) for the distance",
        )
