r"""Running products and sums, over the steps up to one: ``\bar\alpha_t = \prod_{s=1}^t \alpha_s``.

The body does not depend on the step at which the product ends; its steps are multiplied once, for all ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.scopes import Names, occurs_free
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.draws.picked import read_at
from formula2dgm.resolve.operators.pairs import conditions, unbound
from formula2dgm.resolve.sequences.places import End, Offset, Place, Step, place_of
from formula2dgm.resolve.sequences.time_sums import refused_product
from formula2dgm.resolve.statements.hyperparameters import enter_size
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def running(evaluate: Evaluator, node: tree.Big, scope: Scope) -> ir.Node | None:
    """The value of a product over steps, or of a sum up to a step that is drawn; None for any other sum."""
    context, time = evaluate.context, evaluate.context.time
    names = list(binder_names(node))
    if time is None or len(names) != 1 or names[0][0] not in time.indices or conditions(node):
        return None
    op: Literal["sum", "prod"] = "sum" if node.op == "sum" else "prod"
    name, last = names[0][0], _last(context, node)
    positions = context.model.indices.positions - scope.indices.keys()
    drawn = isinstance(last, Offset) and last.index in positions
    if last is None or (op == "sum" and not drawn) or _first(node, name) != Step(time.start):
        return None
    if isinstance(last, Offset) and occurs_free(node.body, frozenset((last.index,)), Names(context.model.indices)):
        return None
    if isinstance(last, Offset) and not drawn and last.index not in scope.indices:
        raise unbound(context, last.index, node.span)
    axis = scope.indices[last.index] if isinstance(last, Offset) and not drawn else time.axis
    enter_size(context, axis, node)
    body = evaluate(node.body, scope.under(node, op == "sum").index(name, axis))
    if op == "prod" and any(isinstance(each, ir.LogProb) for each in walk(body)):
        raise refused_product(context, node)
    steps: ir.Node = evaluate.make(ir.Running, op, body, axis, origin=node)
    neutral = context.const(0.0 if op == "sum" else 1.0)
    match last:
        case Step(number) if number < time.start:
            return neutral
        case Offset(by=by) if by > 0:
            raise context.refuse(
                "F2D-0416",
                f"{node} ends behind the present step",
                node.span,
                "end it at the present step or before: \\prod_{s=1}^t",
            )
        case Offset(by=by) if by < 0:
            steps = evaluate.make(ir.Shifted, steps, axis, by, neutral)
    return read_at(context, steps, axis, last, scope, evaluate, node)


def _last(context: Context, node: tree.Big) -> Place | None:
    """The last step of a product."""
    time = context.time
    assert time is not None
    bound = next((each for _, each in binder_names(node)), None)
    if bound is None:
        return None
    found = place_of(bound, time.indices | context.model.indices.positions, time.ends)
    if found is None and isinstance(bound, tree.Symbol) and plain(bound) is not None:
        return End(0)
    return found if isinstance(found, Step | Offset | End) else None


def _first(node: tree.Big, name: str) -> Place | None:
    """The first step of a product."""
    for item in node.binders:
        match item:
            case tree.Binds(tree.Symbol() as target, value) if plain(target) == name:
                lower = value.lower if isinstance(value, tree.Range) else value
                return place_of(lower, frozenset(), frozenset())  # type: ignore[return-value]
    return None
