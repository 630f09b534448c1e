"""Several outputs of one network: ``(h, c) = f(x, h')`` defines h and c as results of one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import Name, read_name
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.context import Scope
    from formula2dgm.resolve.values.expressions import Evaluator


@dataclass(frozen=True, slots=True)
class OutputOf(tree.Indexed):
    """One of the outputs that ``body`` has; ``index`` holds its number and how many there are."""


def outputs_defined(body: tree.Node, indices: frozenset[str]) -> Iterator[tuple[Name, OutputOf]]:
    """The names that a tuple on the left of an equation defines, each with its output; none of any other statement."""
    if not isinstance(body, tree.Chain) or body.relations not in (("=",), (":=",)):
        return
    left, right = body.members
    if not isinstance(left, tree.Tuple) or not all(isinstance(each, tree.Symbol) for each in left.items):
        return
    count = tree.Number(str(len(left.items)), span=left.span)
    for position, each in enumerate(left.items, 1):
        assert isinstance(each, tree.Symbol)
        number = tree.Number(str(position), span=each.span)
        yield read_name(each, indices), OutputOf(right, (number, count), span=right.span)


def output_of(evaluate: Evaluator, node: OutputOf, scope: Scope) -> ir.Node:
    """One output of a call."""
    context = evaluate.context
    position, count = (int(str(each)) for each in node.index)
    value = evaluate(node.body, scope.under(node, False))
    network = context.networks.get(value.call.network) if isinstance(value, ir.Head) else None
    if (
        not isinstance(value, ir.Head)
        or value.call.method != "plain"
        or network is None
        or (network.scaffold is not None and network.outputs != count)
        or network.outputs not in (1, count)
    ):
        raise context.refuse(
            "F2D-0233",
            f"{node.body} has no {count} outputs to name",
            node.span,
            "bind a network that returns a tuple of them to its name",
        )
    context.networks[network.name] = replace(network, outputs=count)
    return context.arena.make(ir.Head, value.call, None, None, position - 1)
