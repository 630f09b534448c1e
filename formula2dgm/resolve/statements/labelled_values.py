"""Several values of one variable, told apart by labels: ``\\pi(y_w|x)`` and ``\\pi(y_l|x)`` are ``\\pi(y|x)`` at both.

A text says so by the space of y, ``y \\in \\{1, \\dots, K\\}``, or by equal finite spaces of ``y_w`` and ``y_l`` where
the same density, parameters included, is given the same. So do labels that compare, the winner y_w and the loser y_l,
``y^+`` and ``y^-``, where what both are given is data. Else a label is part of a variable's name:
``p(x_a|z)`` and ``p(x_b|z)`` are two densities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from formula2dgm.reading.names import Name
from formula2dgm.reading.signature import Signature, is_density_call, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

#: Labels of two values of one variable, of which one is preferred.
COMPARED = frozenset(map(frozenset, (("w", "l"), ("plus", "minus"), ("win", "lose"), ("chosen", "rejected"))))


def at_one_variable(context: Context, wanted: Signature) -> Signature:
    """The density of y for one of ``y_w``, where the text says that it is a value of y."""
    name = wanted.variables[0]
    if name is None or not all(each.isalpha() for each in name.labels) or not name.labels or name.index:
        return wanted
    others = [each for each in _read(context, wanted) if each.id != name.id and each.base == name.base]
    if name.id in context.latent or not others:
        return wanted
    spaces = context.model.spaces
    alike = all(_said(context, each) == _said(context, name) for each in others)
    compared = alike and _are_compared(name, others) and context.latent.isdisjoint(wanted.ids[1])
    if name.id in spaces and not compared and not _are_of_one_space(context, name, others):
        return wanted
    if name.id not in spaces and name.base not in spaces and not compared:
        return wanted
    if (space := spaces.get(name.id) or spaces.get(name.base)) is not None:
        spaces.setdefault(name.base, space)
    if (size := context.options.dims.get(name.id)) is not None:
        context.options = replace(context.options, dims={name.base: size, **context.options.dims})
    symbol = wanted.slots[0]
    bare = replace(symbol, sub=(), sup=()) if isinstance(symbol, tree.Symbol) else symbol
    return replace(wanted, variables=(replace(name, accents=(), labels=()),), slots=(bare, *wanted.slots[1:]))


def _said(context: Context, name: Name) -> tuple[object, object]:
    """What the text and the options say of the values of a name."""
    return context.model.spaces.get(name.id), context.options.dims.get(name.id)


def _are_compared(name: Name, others: list[Name]) -> bool:
    """Do the labels say which of two values is preferred?"""
    found = {each.labels for each in (name, *others)}
    if not all(len(each) == 1 for each in found):
        return False
    return frozenset(label for (label,) in found) in COMPARED


def _are_of_one_space(context: Context, name: Name, others: list[Name]) -> bool:
    """Is the density read at other values, of an equal finite space?"""
    own = context.model.spaces[name.id]
    return own.classes is not None and all(context.model.spaces.get(each.id) == own for each in others)


def _read(context: Context, wanted: Signature) -> Iterator[Name]:
    """The variables that the text reads the density at, given the same."""
    for node in (each for root in context.model.expressions() for each in root.walk()):
        if isinstance(node, tree.Call) and is_density_call(node):
            other = read_signature(node, context.model.indices, context.model.parameters)
            if (other.head, other.group, other.ids[1]) == (wanted.head, wanted.group, wanted.ids[1]):
                yield from (each for each in other.variables if each is not None)
