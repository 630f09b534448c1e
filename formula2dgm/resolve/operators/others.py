r"""Independent copies of what a batch holds: the other examples, one at random or all of them.

In ``E_{p(x)} E_{p(y)}[T(x, y)]`` y is independent of x, so that the y of the same example is not a draw of it. Where
the expectation stands linearly, one other example for each estimates it: a permutation of the batch. Under a function
that is not linear, as in ``\log E_{p(y)}[e^{T(x, y)}]``, the function is of a mean over all the others.
"""

from __future__ import annotations

from collections.abc import Set

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

#: What the index of the other example is called, the first that is free.
LETTERS = ("n", "m", "l", "k")


def other_axis(scope: Scope) -> Axis:
    """An axis along the examples of the batch once more."""
    free = (letter for letter in LETTERS if letter not in scope.indices)
    return Axis("index", next(free, "other"), None, scope.batch)


def at_other(context: Context, value: ir.Node, axis: Axis) -> ir.Node:
    """A value of the batch at the example that the axis counts; what has no batch is the same for all."""
    assert axis.of is not None
    if axis.of not in value.axes:
        return value
    return context.arena.inherit(
        context.arena.make(ir.At, value, axis.of, context.arena.make(ir.Index, axis)),
        value,
    )


def is_another(context: Context, axis: Axis) -> ir.Node:
    """1 where the two examples of a pair differ, else 0."""
    assert axis.of is not None
    make = context.arena.make
    return make(ir.Apply, "not_equal", (make(ir.Index, axis.of), make(ir.Index, axis)))


def number_of_others(context: Context, batch: Axis) -> ir.Node:
    """How many other examples a batch has."""
    return context.arena.make(ir.Add, (context.arena.make(ir.Size, batch), context.const(-1)))


def permuted(
    context: Context, value: ir.Node, name: str, site: str, batch: Axis, symbol: tree.Node, beside: str | None = None
) -> ir.Node:
    """A value with its examples in a random order, that of its site: that of what it is ``beside``, if anything."""
    how = f"of the same other example as {beside}" if beside else "paired at random: a permutation of the batch"
    context.assume(f"{name} is {how}", symbol.span)
    return context.arena.make(ir.Permuted, value, site, batch, origin=symbol)


def note_all_others(context: Context, name: str, span: Span) -> None:
    """Say that an expectation under a function that is not linear is a mean over the other examples."""
    context.assume(
        f"{name} is independent of the example, and its expectation stands under a function that is not linear: it is "
        "the mean over all other examples of the batch",
        span,
    )


def reads_outside(context: Context, body: tree.Node, own: Set[str], scope: Scope, depth: int = 0) -> bool:
    """Does a body read, beside the variables ``own``, a value that each example of the batch has its own of?"""
    for symbol in body.walk():
        if not isinstance(symbol, tree.Symbol):
            continue
        name = read_name(symbol, context.model.indices)
        if name.id in own:
            continue
        if name.id in scope.values:
            if scope.batch in scope.values[name.id].axes:
                return True
        elif name.id in context.model.definitions and depth < 10:
            if reads_outside(context, context.model.definitions[name.id].body, own, scope, depth + 1):
                return True
        elif name.id in context.model.drawn or (name.id in context.model.variables and name.id not in context.latent):
            return True
    return False
