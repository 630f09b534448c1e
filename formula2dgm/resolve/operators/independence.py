"""Values of the batch that an expectation binds independently of the example."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import Name, read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.operators.bound import Bound, draws_in
from formula2dgm.resolve.operators.others import at_other, note_all_others, other_axis, permuted
from formula2dgm.syntax import tree


def independent(
    context: Context,
    value: ir.Node,
    name: str,
    bound: Bound,
    scope: Scope,
    symbol: tree.Node,
    second: bool = False,
    site: str | None = None,
    beside: str | None = None,
) -> ir.Node:
    """A value of the batch that is independent of the example: another one at random; all others where a function that
    is not linear is taken of their mean, and of a ``second`` draw beside one from the same mixture.

    ``site`` is the permutation's, where it is not the name; ``beside`` is a value of the same other example, if any.
    """
    if scope.batch not in value.axes:
        return value  # the same for all examples: nothing to exchange
    if second or (bound.nonlinear and bound.beside):
        bound.others = bound.others or [other_axis(scope)]
        if second:
            context.assume(f"{name} is an independent copy: the draws of all other examples of the batch", symbol.span)
        else:
            note_all_others(context, name, symbol.span)
        return at_other(context, value, bound.others[0])
    node = permuted(context, value, name, site or beside or name, scope.batch, symbol, beside)
    bound.draws.append(node)
    return node


def unprimed(name: Name) -> Name:
    """What a name with a prime is another value of."""
    return replace(name, accents=tuple(each for each in name.accents if each != "prime"))


def copied(context: Context, symbol: tree.Symbol, bound: Bound, scope: Scope, evaluate: Evaluate) -> ir.Node:
    """``z'`` where a statement says what z is, ``z = g(x) + \\epsilon``: the z of another example."""
    name = read_name(symbol, context.model.indices)
    own = replace(symbol, accents=tuple(each for each in symbol.accents if each != "prime"))
    value = evaluate(own, Scope(scope.batch))
    if scope.batch not in value.axes:
        raise context.refuse(
            "F2D-0402",
            f"{name.id} is another {own}, and {own} is the same for all examples: nothing says how {name.id} is drawn",
            symbol.span,
            f"write what it is drawn from: E_{{{symbol} ~ p({own})}}",
        )
    node = independent(context, value, name.id, bound, scope, symbol)
    bound.draws += [each for each in draws_in(node) if each not in bound.draws]
    return node
