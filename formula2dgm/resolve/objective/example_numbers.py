r"""The number of an example as a value: n of ``\frac1N \sum_{n=1}^N \|x_n - f(n / N)\|^2``.

A sum over data is the mean of a batch, in which an example stands at one place in this epoch, at another in the next.
Whether two examples are the same one, ``i \ne j``, is the same in any order.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import walk
from formula2dgm.registry.functions import CONDITIONS
from formula2dgm.resolve.context import Context


def refuse_example_numbers(context: Context, objectives: Sequence[Objective]) -> None:
    """Refuse the place of an example in its batch wherever it is more than compared with another."""
    for objective in objectives:
        for term in objective.terms:
            for node in walk(term.node):
                number = next((each for each in node.children if _is_of_example(each)), None)
                if number is not None and not _compares(node):
                    origins = context.arena.origins(node) or context.arena.origins(number)
                    context.found.error(
                        "F2D-0666",
                        "the number of an example is a value here: in a batch it is another one in every epoch",
                        origins[0].span if origins else term.span,
                        "pass it as data; or sum over something else than the examples, \\sum_{k=1}^K",
                    )
                    return


def _is_of_example(node: ir.Node) -> bool:
    return isinstance(node, ir.Index) and node.axis.kind == "batch"


def _compares(node: ir.Node) -> bool:
    match node:
        case ir.Apply(name):
            return name in CONDITIONS.values()
        case ir.EventFunction("same") | ir.At():
            return True
    return False
