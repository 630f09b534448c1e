"""What an expectation's subscript binds: densities, draws and names, one item each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.syntax import tree
from formula2dgm.syntax.partial import Drawn, Value, finish
from formula2dgm.syntax.vocabulary import DENSITY_LETTERS


def binders_of(items: Sequence[tree.Node]) -> tuple[tree.Node, ...]:
    """The items, a product of densities ``q(z|x) p(x)`` as one item each."""
    found: list[tree.Node] = []
    for item in items:
        product = isinstance(item, tree.Mul) and (
            all(isinstance(each, tree.Call) for each in item.factors) or _is_list_of_variables(item)
        )
        found += item.factors if product and isinstance(item, tree.Mul) else (item,)
    return tuple(found)


def _is_list_of_variables(item: tree.Mul) -> bool:
    """``E_{xy}``: names side by side are several variables."""
    names = all(isinstance(each, tree.Symbol) and each.letter not in DENSITY_LETTERS for each in item.factors)
    return names and not any(item.ops)


def join_draws(values: Sequence[Value]) -> tuple[tree.Node, ...]:
    """A list's items; in ``z_1, \\dots, z_K \\sim q`` all the names are drawn."""
    found: list[tree.Node] = []
    for value in values:
        node = finish(value)
        if isinstance(value, Drawn) and not value.closed:
            joined = joining(found, value.node)
            if joined:
                first = len(found) - joined
                names = (*found[first:], *value.node.names)
                node = tree.Draws(names, value.node.density, span=found[first].span | node.span)
                del found[first:]
        found.append(node)
    return tuple(found)


def are_copies(names: Sequence[tree.Node]) -> bool:
    """Are these one name, without and with primes: ``x, x'``?"""
    bare = {_without_primes(each) for each in names if isinstance(each, tree.Symbol)}
    return len(names) > 1 and len(bare) == 1 and all(isinstance(each, tree.Symbol) for each in names)


def _without_primes(name: tree.Symbol) -> tree.Symbol:
    return replace(name, accents=tuple(each for each in name.accents if each != "prime"))


def joining(before: Sequence[tree.Node], draws: tree.Draws) -> int:
    """How many of the names listed before ``name ~ density`` are drawn with it.

    Those that are arguments of the density, if the name is one; else those of the name's letter, ``z_1, z_2 ~ N(0, I)``
    or ``z_1, ..., z_K ~ q``; and of other letters those that stand beside it in a set of data or a density that says
    nothing of its arguments, ``x, y ~ D``, ``x_i, y_i ~ p``, but not the ``t`` of ``t, x_t ~ p_t``.
    """
    last, density = draws.names[-1], draws.density
    over = density.args if isinstance(density, tree.Call) else ()
    joined = count = 0
    for count, each in enumerate(reversed(before), 1):
        if isinstance(each, tree.Ellipsis):
            continue
        if not (
            _is_argument(each, over)
            if _is_argument(last, over)
            else _is_alike(each, last) or _stands_beside(each, last, density)
        ):
            break
        joined = count
    return joined


def _is_argument(name: tree.Node, over: Sequence[tree.Node]) -> bool:
    """Whether a density is over this name, or over its random variable: ``x ~ P(X)``."""
    capital = replace(name, letter=name.letter.upper()) if isinstance(name, tree.Symbol) else name
    return name in over or capital in over


def _is_alike(one: tree.Node, other: tree.Node) -> bool:
    """Whether two names have the same letter: ``z_1`` and ``z_2``, ``x`` and ``x'``."""
    if not isinstance(one, tree.Symbol) or not isinstance(other, tree.Symbol):
        return False
    return (one.letter, one.style) == (other.letter, other.style)


def _stands_beside(one: tree.Node, other: tree.Node, density: tree.Node) -> bool:
    """Whether two names of different letters carry the same index, or both none, and ``density`` may be over both."""
    if not isinstance(one, tree.Symbol) or not isinstance(other, tree.Symbol) or one.sub != other.sub:
        return False
    data = density.args[0] if isinstance(density, tree.Call) and len(density.args) == 1 else density
    letter = data.letter if isinstance(data, tree.Symbol) else ""
    return (
        isinstance(data, tree.Symbol)
        and (data is density or data.style == "cal" or letter == "D")
        and (one not in data.sub)
    )
