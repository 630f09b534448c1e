"""What is read of another example of the batch, at the step that is read of the present one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.completion.names.of_examples import IsAnother, OfExample
from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import plain
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.operators.others import is_another

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def of_example(evaluate: Evaluator, node: OfExample, scope: Scope) -> ir.Node:
    """The value at the other examples along the index's axis."""
    value = evaluate(node.body, scope.under(node, False))
    axis = scope.indices[plain(node.index[0]) or ""]
    assert axis.of is not None, "the sum over the index runs over the batch once more"
    if axis.of not in value.axes:
        return value
    return evaluate.make(ir.At, value, axis.of, evaluate.make(ir.Index, axis))


def another(context: Context, node: IsAnother, scope: Scope) -> ir.Node:
    """The mask of all other examples."""
    return is_another(context, scope.indices[node.letter])
