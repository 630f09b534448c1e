r"""Shares in front of a sum: ``\frac1M``, ``\frac{1}{2M}``, ``\frac{\beta}{M}`` before ``\sum_i``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading.names import plain
from formula2dgm.syntax import tree

#: Letters of how many there are of something.
COUNTS = frozenset("NnMmBbKkLlJIPQ")


def is_count(node: tree.Node) -> bool:
    """May the name be a number of examples: such a letter without scripts?"""
    return plain(node) in COUNTS


def shared_sums(factors: Sequence[tree.Node]) -> Iterator[tuple[int, tree.Div, tree.Big]]:
    """The quotients of a product that stand right before a sum: their place, themselves and the sum."""
    for place, (each, after) in enumerate(zip(factors, factors[1:], strict=False)):
        if isinstance(each, tree.Div) and isinstance(after, tree.Big) and after.op == "sum":
            yield place, each, after


def divisors(share: tree.Div) -> tuple[tree.Node, ...]:
    """The factors below a quotient."""
    below = share.denominator
    return below.factors if isinstance(below, tree.Mul) else (below,)


def without(share: tree.Div, size: tree.Node) -> tree.Node:
    """The quotient without a size below it: ``1/2`` of ``1/(2M)``."""
    parts = divisors(share)
    place = parts.index(size)
    rest = (*parts[:place], *parts[place + 1 :])
    if not rest:
        return share.numerator
    below = rest[0] if len(rest) == 1 else tree.Mul(rest, ("",) * (len(rest) - 1), span=share.denominator.span)
    return replace(share, denominator=below)
