r"""The number of entries by its letter: D of ``\frac1D \sum_{d=1}^D (x_d - \hat x_d)^2`` is how many entries x has."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import plain, read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.statements.hyperparameters import given_number
from formula2dgm.resolve.values.entries import runs_over_entries
from formula2dgm.syntax import tree


def entry_count(context: Context, symbol: tree.Symbol, scope: Scope, evaluate: Evaluate) -> ir.Node | None:
    """How many entries a vector has, where a sum over these runs to this letter, and nothing gives it a number."""
    if given_number(context, read_name(symbol, context.model.indices, head=True)) is not None:
        return None
    vector = next((found for root in context.model.expressions() if (found := _counted(context, root, symbol))), None)
    if vector is None:
        return None
    context.assume(f"{symbol} is the number of entries of {vector}", symbol.span)
    return context.arena.make(ir.Dimension, evaluate(vector, scope), origin=symbol)


def _counted(context: Context, root: tree.Node, symbol: tree.Symbol) -> tree.Symbol | None:
    """The vector whose entries a sum up to this letter reads."""
    for node in root.all(tree.Big):
        match node:
            case tree.Big("sum" | "prod", (tree.Binds(tree.Symbol() as index, tree.Number("1")),), upper, body):
                at = plain(index)
                if upper == symbol and at is not None and runs_over_entries(context, body, at, upper):
                    symbols = body.all(tree.Symbol)
                    carriers = (each for each in symbols if any(plain(sub) == at for sub in each.sub))
                    found = next(carriers, None)
                    if found is not None:
                        return replace(found, sub=tuple(each for each in found.sub if plain(each) != at))
    return None
