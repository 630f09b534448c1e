"""Values of the batch that an expectation binds independently of the example."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.resolve.bound import Bound
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.others import at_other, note_all_others, other_axis, permuted
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
) -> ir.Node:
    """A value of the batch that is independent of the example: another one at random; all others where a function that
    is not linear is taken of their mean, and of a ``second`` draw beside one from the same mixture.

    ``site`` is the permutation's, where it is not the name.
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
    node = permuted(context, value, name, site or name, scope.batch, symbol)
    bound.draws.append(node)
    return node
