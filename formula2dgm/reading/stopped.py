"""Parameters under a stopped gradient: ``q_{\\mathrm{sg}(\\phi)}``, ``q_{\\bar\\phi}``, ``f_{\\theta^-}``.

They are the same weights as the plain group's, held constant, unless something of their own is bound to the name.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.syntax import tree

PREFIX = "sg_"
SUFFIXES = ("_bar", "_minus", "_prime", "_sg")


def plain_group(group: str) -> str:
    """The group whose weights these are.

    >>> plain_group("sg_phi"), plain_group("theta_bar"), plain_group("theta")
    ('phi', 'theta', 'theta')
    """
    if group.startswith(PREFIX):
        return group.removeprefix(PREFIX)
    return next((group.removesuffix(each) for each in SUFFIXES if group.endswith(each)), group)


def is_stopped(groups: tuple[str, ...]) -> bool:
    """Does one of the groups stand for weights held constant?"""
    return any(plain_group(each) != each for each in groups)


def without_stops(head: tree.Symbol) -> tree.Symbol:
    """The head with the plain groups in its subscript: ``q_{\\bar\\phi}`` is ``q_\\phi``."""
    return replace(head, sub=tuple(_plain(each) for each in head.sub))


def unstopped(node: tree.Node) -> tree.Node:
    """What a gradient is stopped at, ``x`` of ``sg[x]``; any other node is itself."""
    return node.args[0] if isinstance(node, tree.Func) and node.name == "sg" and len(node.args) == 1 else node


def plain_symbol(symbol: tree.Symbol) -> tree.Symbol:
    """The group whose weights these are: ``\\bar\\phi`` is ``\\phi``; any other symbol is itself."""
    if symbol.letter not in GREEK_GROUPS:
        return symbol
    sup = tuple(each for each in symbol.sup if not (isinstance(each, tree.Symbol) and each.letter == "minus"))
    sub = tuple(each for each in symbol.sub if not (isinstance(each, tree.Symbol) and each.letter == "sg"))
    accents = tuple(each for each in symbol.accents if each not in ("bar", "prime"))
    return replace(symbol, accents=accents, sub=sub, sup=sup)


def _plain(item: tree.Node) -> tree.Node:
    match item:
        case tree.Func("sg", (tree.Symbol(letter) as inner,)) if letter in GREEK_GROUPS:
            return inner
        case tree.Symbol():
            return plain_symbol(item)
    return item
