"""What enters an expression linearly, each with its sign: the summands of sums, means and expectations."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.polarity import Known, Samplers, samplers_of
from formula2dgm.syntax import tree


def linear_terms(known: Known, node: tree.Node, sign: int) -> Iterator[tuple[tree.Node, int]]:
    """The parts that an expression is linear in, each with its sign in an expression that itself has ``sign``; every
    factor of a product is one, a name is what it stands for."""
    for each, found, _ in sampled_terms(known, node, sign, frozenset()):
        yield each, found


def sampled_terms(
    known: Known, node: tree.Node, sign: int, samplers: Samplers
) -> Iterator[tuple[tree.Node, int, Samplers]]:
    """The same, each with what the expectations around it draw from."""
    match node:
        case tree.Neg(body):
            yield from sampled_terms(known, body, -sign, samplers)
        case tree.Add(parts):
            for each in parts:
                yield from sampled_terms(known, each, sign, samplers)
        case tree.Mul(factors, _):
            negative = sum(isinstance(each, tree.Neg) for each in factors) % 2
            for each in (each.body if isinstance(each, tree.Neg) else each for each in factors):
                yield from sampled_terms(known, each, -sign if negative else sign, samplers)
        case tree.Expect(binders, body):
            yield from sampled_terms(known, body, sign, samplers | samplers_of(binders, known))
        case tree.Div(body, _) | tree.Labelled(body, _) | tree.Big(op="sum", body=body):
            yield from sampled_terms(known, body, sign, samplers)
        case tree.Func("mean" | "sum", (body,)):
            yield from sampled_terms(known, body, sign, samplers)
        case tree.Symbol() if (unfolded := known.unfolded(node))[0] is not None:
            yield from sampled_terms(unfolded[1], unfolded[0], sign, samplers)
        case _:
            yield node, sign, samplers
