"""Does an expression draw? A product is linear in a factor only while no other factor does; any other function of an
estimate is biased."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import read_name
from formula2dgm.reading.scopes import Names, bound_by, occurs_free
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.operators.binder_items import binder_items
from formula2dgm.syntax import tree


def holds_draws(
    context: Context, node: tree.Node, inside: frozenset[str] = frozenset(), brackets: bool = False
) -> bool:
    """Does the expression hold a bracket that draws, or a variable that a statement draws, itself or by definition?

    ``inside`` are the definitions being looked through; of ``brackets`` alone where that is asked.
    """
    for each in node.walk():
        if isinstance(each, tree.Expect | tree.Divergence) or (isinstance(each, tree.Func) and each.name == "H"):
            return True
        if isinstance(each, tree.Symbol):
            name = read_name(each, context.model.indices)
            if name.id in context.model.drawn and not brackets:
                return True
            for key in {name.id, read_name(each, context.model.indices, head=True).full} - inside:
                definition = context.model.definitions.get(key)
                if definition is not None and holds_draws(context, definition.body, inside | {key}, brackets):
                    return True
    return False


def linear_factors(context: Context, factors: Sequence[tree.Node]) -> list[bool]:
    """For each factor of a product: is the product linear in it, as far as draws go?"""
    return [
        not any(_meets(context, each, other) for other in (*factors[:i], *factors[i + 1 :]))
        for i, each in enumerate(factors)
    ]


def _meets(context: Context, factor: tree.Node, other: tree.Node) -> bool:
    """Is an estimate in the factor multiplied by what is random, too, and not said to be the same wherever it stands?

    ``t E_{p(z)}[f(z, t)]`` is linear in the expectation where a statement draws t; ``E[f] E[g]`` is linear in neither.
    So is ``h(x) E_{p_data(x)}[f(x)]``, where the x of the bracket is another than the one outside.
    """
    if not holds_draws(context, other):
        brackets = factor.all(tree.Expect)
        names = Names(context.model.indices)
        return any(occurs_free(other, bound_by(each, names), names) for each in brackets)
    return holds_draws(context, other, brackets=True) or not _draws_its_own(context, factor)


def _draws_its_own(context: Context, factor: tree.Node) -> bool:
    """Do the brackets of a factor draw nothing that a statement draws?"""
    brackets = list(factor.all(tree.Expect))
    compares = any(isinstance(each, tree.Divergence) for each in factor.walk())
    if compares or not brackets or not all(each.binders for each in brackets):
        return False
    for names, _ in (item for each in brackets for every in each.binders for item in binder_items(context, every)):
        ids = {read_name(each, context.model.indices).id for each in names if isinstance(each, tree.Symbol)}
        if not ids or not ids <= context.model.variables - context.model.drawn.keys():
            return False
    return True


def note_bias(context: Context, node: tree.Node, argument: tree.Node, value: ir.Node, scope: Scope) -> None:
    """List that ``node`` is a function, not linear, of an ``argument`` that is estimated at draws of its own."""
    if not holds_draws(context, argument):
        return
    outside = set(walk(*scope.values.values(), *context.statement_draws.values()))
    if any(isinstance(each, ir.Draw) and each not in outside for each in walk(value)):
        context.assume(
            f"{node} is a function, not linear, of an estimate: with finitely many draws it is biased",
            node.span,
            "F2D-0907",
        )
