r"""The value of a density beside a vector, in a norm: ``\|v(x) - u(x|z)\|``, an error."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def refuse_density_beside_vector(context: Context, body: tree.Node, value: ir.Node) -> None:
    """A density is one number for each example: it has no entries that a vector could be near to."""
    if not isinstance(body, tree.Add) or not isinstance(value, ir.Add):
        return
    numbers = [part for part in value.args if part.event == "number"]
    scored = [part for part in numbers if any(isinstance(each, ir.LogProb) for each in walk(part))]
    for each in body.terms:
        call = each.body if isinstance(each, tree.Neg) else each
        if scored and is_density_call(call):
            raise context.refuse(
                "F2D-0630",
                f"{call} is the value of a density, one number, and stands beside a vector in a norm",
                call.span,
                f"bind a network to {call} where it is a function, or write its argument by commas",
            )
