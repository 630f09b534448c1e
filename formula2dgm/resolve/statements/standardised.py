r"""Draws written by their standardised value: ``\frac{z - u}{s} \sim N(0, I)`` is ``z \sim N(u, s^2)``."""

from __future__ import annotations

from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


def standardised(left: tree.Node, law: tree.Node) -> tuple[tree.Symbol, tree.Call] | None:
    """The variable and its law; None where the left side is no ``z - u``, ``z / s`` or ``(z - u) / s`` of a Latin
    letter, or the law is not the standard Normal.

    >>> from formula2dgm.syntax import parse_one
    >>> drawn = parse_one(r"\\frac{z - u}{s} \\sim N(0, I)")
    >>> [str(each) for each in standardised(*drawn.members)]
    ['z', 'N(u, s^2)']
    """
    if not _is_standard(law):
        return None
    assert isinstance(law, tree.Call)
    top: tree.Node = left.numerator if isinstance(left, tree.Div) else left
    scale = left.denominator if isinstance(left, tree.Div) else None
    place: tree.Node | None = None
    match top:
        case tree.Add((first, tree.Neg(body))):
            top, place = first, body
    if not isinstance(top, tree.Symbol) or top.letter in GREEK_GROUPS or (place is None and scale is None):
        return None
    if any(each == top for part in (place, scale) if part is not None for each in part.walk()):
        return None
    around = place if place is not None else tree.Number("0", span=law.span)
    spread = law.args[1] if scale is None else _square(scale, law.span)
    return top, tree.Call(law.head, (around, spread), span=law.span)


def _is_standard(law: tree.Node) -> bool:
    """``N(0, I)``, ``N(0, 1)``."""
    match law:
        case tree.Call(tree.Symbol() as head, (tree.Number("0"), spread), None, None):
            return head.style + head.letter in ("N", "calN", "Normal") and str(spread) in ("I", "1")
    return False


def _square(scale: tree.Node, span: Span) -> tree.Node:
    """``s^2``; of a root what it is of."""
    if isinstance(scale, tree.Sqrt) and scale.degree is None:
        return scale.body
    return tree.Power(scale, tree.Number("2", span=span), span=span)
