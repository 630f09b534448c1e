r"""Numbers of examples that divide sums without a bound: M of ``\frac1M \sum_i \log p(x_i)``, ``\sum_i f(x_i) / M``."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.numbers import constant
from formula2dgm.reading.shares import divisors, is_count, shared_sums
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.operators.open_sums import runs_over_data
from formula2dgm.syntax import tree


def count_open_sums(context: Context, scope: Scope) -> None:
    """Find them: such a sum is the mean of the batch, M times."""
    for node in (each for root in context.model.expressions() for each in root.walk()):
        for share, total in _shared(node):
            names = [name for name, upper in binder_names(total) if upper is None]
            if len(names) == 1 and runs_over_data(context, total, names[0], scope):
                for size in (each for each in divisors(share) if is_count(each) and _is_number(context, str(each))):
                    context.model.counted.setdefault(total, str(size))


def _shared(node: tree.Node) -> Iterator[tuple[tree.Div, tree.Big]]:
    """The sums that a node divides, and the quotients that do."""
    match node:
        case tree.Mul(factors=factors):
            yield from ((share, total) for _, share, total in shared_sums(factors))
        case tree.Div(numerator=tree.Big(op="sum") as total):
            yield node, total
        case tree.Big(op="sum", body=tree.Div() as share):
            yield share, node


def _is_number(context: Context, name: str) -> bool:
    """Is this no data, and nothing that the text defines as anything but a number?"""
    definition = context.model.definitions.get(name)
    return name not in context.model.variables and (definition is None or constant(definition.body) is not None)
