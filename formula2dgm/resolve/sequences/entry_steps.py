r"""Entries as steps: in ``\prod_{i=1}^D p(x_i|x_{<i})`` the steps of i are the entries of one vector x.

What is said of x, ``x \in \{0,1\}^{16}``, ``dims={"x": 16}``, is said of all of its entries, how many they are; each is
a number.  A space of its own, ``x_i \in \mathbb{R}^3``, makes each entry a vector.  Indices of time, and what is drawn
at each step, are as the text has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from formula2dgm.bindings import NumberValue
from formula2dgm.completion.data.whole_values import ends_of
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.numbers import constant
from formula2dgm.reading.spaces import Space, at_sizes
from formula2dgm.resolve.context import Context, Refused
from formula2dgm.syntax import tree


def entry_indices(context: Context, symbols: Iterable[tree.Symbol], time: frozenset[str]) -> dict[str, tree.Symbol]:
    """The data whose entries the text reads before one of them, each with a place where it does; ``time`` are the
    indices of time."""
    model = context.model
    found: dict[str, tree.Symbol] = {}
    for symbol in symbols:
        name = read_name(symbol, model.indices)
        ends = {each for item in name.index for each in ends_of(item)} & model.indices
        if not ends or ends & time or name.id in model.definitions or name.id not in model.variables:
            continue
        if name.id not in context.latent:
            found.setdefault(name.id, symbol)
        elif (space := model.spaces.get(name.id)) is not None and space.shape and name.id not in model.elements:
            raise _whole_or_entries(context, symbol, name.id)
    return found


def _whole_or_entries(context: Context, symbol: tree.Symbol, name: str) -> Refused:
    return context.refuse(
        "F2D-0493",
        f"{name} is drawn, and {symbol} reads parts of it: its space may be that of each part or of all of them",
        symbol.span,
        f"say what one part is, {name}_i \\in \\mathbb{{R}}, and how many there are",
    )


def count_entries(context: Context, found: dict[str, tree.Symbol], uppers: Iterable[tree.Node]) -> int | None:
    """How many entries there are, where the text, an option or a binding says it; each is a number from here on."""
    counts = {name: count for name, symbol in found.items() if (count := _said(context, name, symbol)) is not None}
    for upper in uppers:
        number = _number(context, upper)
        if number is None:
            continue
        other = next((name for name, count in counts.items() if count != number), None)
        if other is not None:
            raise context.refuse(
                "F2D-0490",
                f"{other} has {counts[other]} entries, and the index runs to {upper} = {number}",
                found[other].span,
                f"give {upper} the number of entries, or say what one entry is: {other}_i \\in \\mathbb{{R}}",
            )
        return number
    return next(iter(counts.values()), None)


def _said(context: Context, name: str, symbol: tree.Symbol) -> int | None:
    """How many entries a space or an option says that a variable has."""
    spaces, dims = context.model.spaces, context.options.dims
    space = spaces.get(name)
    if name in context.model.elements:
        return None
    own = symbol.letter if name == symbol.letter else name
    if space is None:
        context.assume(f"the entries of {own} are real numbers", symbol.span)
    count = dims.get(name)
    if count is not None:
        context.options = replace(context.options, dims={key: each for key, each in dims.items() if key != name})
    elif space is not None and space.shape:
        count = math.prod(space.shape)
        if len(space.shape) > 1:
            context.assume(f"{own} is given as [batch, {count}], its entries in one row", symbol.span)
    spaces[name] = replace(space, shape=()) if space is not None else Space("real", ())
    return count


def _number(context: Context, upper: tree.Node) -> int | None:
    """The number that an upper bound is: written, given by the text or bound."""
    given = dict(context.model.sizes)
    for each in upper.walk():
        if isinstance(each, tree.Symbol) and plain(each) is not None:
            binding = context.named.find(Name(each.letter, each.accents))
            if binding is not None and isinstance(binding.value, NumberValue):
                given[each] = tree.Number(str(binding.value.number), span=each.span)
    value = constant(at_sizes(upper, given))
    return int(value) if value is not None and value == int(value) else None
