r"""What ``x_t`` is made of where the text says its density.

q(x_t|x_0) = N(x_t; m, s^2 I)                           x_t = m + s \epsilon
q(x_t|x_{t-1}) = N(x_t; \sqrt{a} x_{t-1}, (1-a) I)      \bar\alpha_t = \prod_{s=1}^t a
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

#: The names of a Normal, as a formula has them.
_NORMAL = ("N", "Normal", "Gaussian")


def laws_of(
    chains: Iterable[tree.Chain], point: tree.Symbol, given: tuple[tree.Symbol, ...]
) -> list[tuple[tree.Symbol, tree.Node]]:
    """What statements say a value is drawn from, given one of these alone: with what it is given."""
    found: list[tuple[tree.Symbol, tree.Node]] = []
    for chain in chains:
        match chain:
            case tree.Chain(members=(tree.Call(args=(over,), given=(each,)), *_, law)):
                pass
            case tree.Chain(members=(tree.Relates(left=over, op="|", right=each), *_, law), relations=("~", *_)):
                pass
            case _:
                continue
        if over == point:
            found += [(one, law) for one in given if one == each]
    return found


def moments(law: tree.Node) -> tuple[tree.Node, tree.Node] | None:
    """The mean of a Normal law, and ``v`` of its covariance ``v I``; None of any other."""
    if not isinstance(law, tree.Call) or not isinstance(law.head, tree.Symbol) or law.head.letter not in _NORMAL:
        return None
    arguments = law.params or law.given or law.args
    if len(arguments) != 2:
        return None
    mean, covariance = arguments
    if _is_identity(covariance):
        return mean, tree.Number("1", span=covariance.span)
    if not isinstance(covariance, tree.Mul) or not _is_identity(covariance.factors[-1]):
        return None
    factors, ops = covariance.factors[:-1], covariance.ops[:-1]
    return mean, factors[0] if len(factors) == 1 else replace(covariance, factors=factors, ops=ops)


def root(variance: tree.Node) -> str:
    """The standard deviation, as text: ``s`` of ``s^2``."""
    if (
        isinstance(variance, tree.Power)
        and isinstance(variance.exponent, tree.Number)
        and variance.exponent.text == "2"
    ):
        return rf"({variance.base.latex()})"
    return rf"\sqrt{{{variance.latex()}}}"


def kept(law: tree.Node, before: tree.Symbol) -> tree.Node | None:
    r"""``a`` of a step ``N(\sqrt{a} x_{t-1}, (1-a) I)``, which keeps a variance of 1; None of any other."""
    own = moments(law)
    if own is None or not isinstance(mean := own[0], tree.Mul) or len(mean.factors) != 2 or mean.factors[1] != before:
        return None
    scale, variance = mean.factors[0], own[1]
    if not isinstance(scale, tree.Sqrt) or scale.degree is not None:
        return None
    share = scale.body
    return share if _rest(share) == variance or _rest(variance) == share else None


def at_step(node: tree.Node, time: tree.Symbol, other: tree.Symbol) -> tree.Node:
    """The node with another step."""

    def put(each: tree.Node) -> tree.Node:
        return replace(other, span=each.span) if each == time else map_children(each, put)

    return put(node)


def _rest(node: tree.Node) -> tree.Node:
    """``1 - a``."""
    return tree.Add((tree.Number("1", span=node.span), tree.Neg(node, span=node.span)), span=node.span)


def _is_identity(node: tree.Node) -> bool:
    return isinstance(node, tree.Symbol) and node.letter in ("I", "Id") and not node.accents
