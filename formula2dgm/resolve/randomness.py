"""Does an expression draw? A product is linear in a factor only while no other factor does; any other function of an
estimate is biased."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.syntax import tree


def holds_draws(context: Context, node: tree.Node, inside: frozenset[str] = frozenset()) -> bool:
    """Does the expression hold a bracket that draws, or a variable that a statement draws, itself or by definition?

    ``inside`` are the definitions being looked through.
    """
    for each in node.walk():
        if isinstance(each, tree.Expect | tree.Divergence) or (isinstance(each, tree.Func) and each.name == "H"):
            return True
        if isinstance(each, tree.Symbol):
            name = read_name(each, context.model.indices)
            if name.id in context.model.drawn:
                return True
            for key in {name.id, read_name(each, context.model.indices, head=True).full} - inside:
                definition = context.model.definitions.get(key)
                if definition is not None and holds_draws(context, definition.body, inside | {key}):
                    return True
    return False


def linear_factors(context: Context, factors: Sequence[tree.Node]) -> list[bool]:
    """For each factor of a product: is the product linear in it, as far as draws go?"""
    drawing = [holds_draws(context, each) for each in factors]
    return [not any(drawing[:i] + drawing[i + 1 :]) for i in range(len(factors))]


def note_bias(context: Context, node: tree.Node, argument: tree.Node, value: ir.Node, scope: Scope) -> None:
    """List that ``node`` is a function, not linear, of an ``argument`` that is estimated at draws of its own."""
    if not holds_draws(context, argument):
        return
    outside = set(walk(*scope.values.values(), *context.statement_draws.values()))
    if any(isinstance(each, ir.Draw) and each not in outside for each in walk(value)):
        context.assume(
            f"{node} is a function, not linear, of an estimate: with finitely many draws it is biased", node.span
        )
