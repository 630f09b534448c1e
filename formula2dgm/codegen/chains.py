"""Sums over all paths of a finite state, and filters: one call of the forward algorithm."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.codegen.alignment import spread
from formula2dgm.codegen.python import Code, call
from formula2dgm.codegen.scope import Scope
from formula2dgm.ir import nodes as ir


def of_chain(scope: Scope, node: ir.ChainSum, expression: Callable[[Scope, ir.Node], Code]) -> Code:
    """What the forward algorithm gives; it counts on the states first, the steps last."""
    values = _potentials(scope, node, expression)
    if node.lengths is not None:
        values.append(spread(expression(scope, node.lengths), node.lengths.axes, node.axes, full=True))
    return call(scope.use("chain_log_sum"), *values)


def filtered_states(scope: Scope, node: ir.ChainFilter, expression: Callable[[Scope, ir.Node], Code]) -> Code:
    """What the data up to each step say of the state at that step."""
    return call(scope.use("chain_filtered"), *_potentials(scope, node.paths, expression))


def _potentials(scope: Scope, node: ir.ChainSum, expression: Callable[[Scope, ir.Node], Code]) -> list[Code]:
    here, late = (node.current, *node.axes), (node.time,)
    wanted = [
        (node.first, here),
        (node.moves, (node.before, *here, *late)),
        (node.steps, (*here, *late)),
    ]
    return [spread(expression(scope, each), each.axes, axes, full=True) for each, axes in wanted]
