r"""Joints over steps that begin at the data: ``p(x_{0:T})`` beside ``q(x_{1:T}|x_0)`` is ``p(x_0, x_{1:T})``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.steps import given_before
from formula2dgm.syntax import tree

#: The densities of all later steps given the data, by head: ``q`` of ``q(x_{1:T}|x_0)``.
Kernels = dict[tree.Node, tree.Call]


def split_joints(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements with the data of joints as variables of their own; an expectation over ``q(x_{0:T})`` is one over
    what follows the data."""
    calls = [each for every in statements for each in every.body.all(tree.Call)]
    begins = {found for each in calls for found in given_before(each)}
    if not begins:
        return list(statements)
    letters = {(letter, number) for letter, _, number in begins}
    kernels: Kernels = {each.head: each for each in calls if any(given_before(each))}
    return [each.with_body(_split(each.body, letters, kernels)) for each in statements]


def _split(node: tree.Node, letters: set[tuple[str, str]], kernels: Kernels) -> tree.Node:
    if isinstance(node, tree.Expect):
        node = replace(node, binders=tuple(_later(each, letters, kernels) for each in node.binders))
    node = map_children(node, lambda each: _split(each, letters, kernels))
    if isinstance(node, tree.Call) and is_density_call(node):
        args = tuple(part for each in node.args for part in _parts(each, letters))
        return replace(node, args=args) if args != node.args else node
    return node


def _later(item: tree.Node, letters: set[tuple[str, str]], kernels: Kernels) -> tree.Node:
    """``q(x_{1:T}|x_0)`` of ``q(x_{0:T})``."""
    if isinstance(item, tree.Call) and item.given is None and len(item.args) == 1 and item.head in kernels:
        return kernels[item.head].placed(item.span) if len(_parts(item.args[0], letters)) == 2 else item
    return item


def _parts(symbol: tree.Node, letters: set[tuple[str, str]]) -> tuple[tree.Node, ...]:
    """``x_0`` and ``x_{1:T}`` of ``x_{0:T}``."""
    match symbol:
        case tree.Symbol(sub=(tree.Range(lower=tree.Number(text=number) as lower) as run,)) if number.isdigit():
            letter = "_".join([symbol.style + symbol.letter, *symbol.accents])
            if (letter, number) in letters:
                later = replace(run, lower=tree.Number(str(int(number) + 1), span=lower.span))
                return replace(symbol, sub=(lower,)), replace(symbol, sub=(later,))
    return (symbol,)
