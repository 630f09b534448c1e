r"""Sums over the data whose bound is not written: ``\sum_i \log p(f(x_i))`` beside data x.

How many examples there are changes nothing but the scale, which nobody wrote: the sum is averaged over the batch, as
``E_{x \sim p_{data}}`` is, and an assumption says so.
"""

from __future__ import annotations

from formula2dgm.reading.names import plain, read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.operators import Opened
from formula2dgm.syntax import tree


def runs_over_data(context: Context, node: tree.Big, index: str, scope: Scope) -> bool:
    """Does the index choose an example: is data read at it, where no other index chooses one?"""
    if node.op != "sum" or scope.batch in scope.indices.values():
        return False
    known = context.model.variables - context.latent - context.model.drawn.keys() - context.model.definitions.keys()
    read = (read_name(each, context.model.indices) for each in node.body.walk() if isinstance(each, tree.Symbol))
    return any(name.id in known and [plain(each) for each in name.index] == [index] for name in read)


def average_data(context: Context, node: tree.Big, index: str, opened: Opened) -> None:
    """The sum as the mean of the batch."""
    context.assume(f"the sum over {index} has no bound: it is the mean over the data, of which a batch is a part", node.span)
    opened.scope = opened.scope.index(index, opened.scope.batch)
    opened.reduces.insert(0, ("mean", opened.scope.batch))
