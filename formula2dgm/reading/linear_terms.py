"""What enters an expression linearly, each with its sign: the summands of sums, means and expectations."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.polarity import Known
from formula2dgm.syntax import tree


def linear_terms(known: Known, node: tree.Node, sign: int) -> Iterator[tuple[tree.Node, int]]:
    """The parts that an expression is linear in, each with its sign in an expression that itself has ``sign``; every
    factor of a product is one, a name is what it stands for."""
    match node:
        case tree.Neg(body):
            yield from linear_terms(known, body, -sign)
        case tree.Add(parts):
            for each in parts:
                yield from linear_terms(known, each, sign)
        case tree.Mul(factors, _):
            negative = sum(isinstance(each, tree.Neg) for each in factors) % 2
            for each in (each.body if isinstance(each, tree.Neg) else each for each in factors):
                yield from linear_terms(known, each, -sign if negative else sign)
        case tree.Div(body, _) | tree.Labelled(body, _) | tree.Expect(_, body) | tree.Big(op="sum", body=body):
            yield from linear_terms(known, body, sign)
        case tree.Func("mean" | "sum", (body,)):
            yield from linear_terms(known, body, sign)
        case tree.Symbol() if (unfolded := known.unfolded(node))[0] is not None:
            yield from linear_terms(unfolded[1], unfolded[0], sign)
        case _:
            yield node, sign
