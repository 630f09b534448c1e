r"""Draws of one number for each example where a vector's entries are meant: ``m \odot x``, ``x + u``.

Of ``m \sim Bernoulli(0.5)`` and ``u \sim U(0, 1)`` nothing says how many entries they have. Under ``\odot``, and added
to a vector, one number for all entries is another model than one for each: the text has to say which.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.reading.polarity import TIMES
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

#: Draws of one number for each example, by name.
Singles = dict[str, ir.Law]


def refuse_single_factors(context: Context, node: tree.Mul, values: Sequence[ir.Node]) -> None:
    """``m \\odot x``: what stands between two signs is multiplied first."""
    ends = [i + 1 for i, op in enumerate(node.ops) if op == "odot"]
    for start, middle, end in zip([0, *ends], ends, [*ends[1:], len(values)], strict=False):
        sides = [(node.factors[a:b], values[a:b]) for a, b in ((start, middle), (middle, end))]
        for (factors, one), (others, other) in (sides, sides[::-1]):
            drawn = _singles_of(one)
            if drawn and not _singles_of(other) and any(each.event == "value" for each in other):
                place = next(factor for factor, value in zip(factors, one, strict=True) if _singles(value))
                where, way = f"stands under \\odot beside {others[0]}", "; or write a product without \\odot"
                raise _refused(context, place, drawn, where, way)


def refuse_single_summands(context: Context, terms: Sequence[tree.Node], values: Sequence[ir.Node]) -> None:
    """``x + u``. A time is one number by nature: ``x_0 + a t`` is where a constant force has moved all entries."""
    drawn = [_singles(each) for each in values]
    vector = next((i for i, each in enumerate(values) if each.event == "value" and not drawn[i]), None)
    for term, own in zip(terms, drawn, strict=True):
        named = {name: law for name, law in own.items() if name not in TIMES}
        if vector is not None and named:
            raise _refused(context, term, named, f"is added to {terms[vector]}")


def _refused(context: Context, place: tree.Node, drawn: Singles, where: str, way: str = "") -> Exception:
    name, law = next(iter(drawn.items()))
    space = "\\{0, 1\\}" if registry.family(law.family).support == "binary" else "\\mathbb{R}"
    return context.refuse(
        "F2D-0668",
        f"{name} is drawn as one number for each example, and {where}",
        place.span,
        f"say how many entries it has, {name} \\in {space}^{{64}}{way}",
    )


def _singles(value: ir.Node) -> Singles:
    """The draws that make a value one number for each example, up to signs and numbers beside them; none of a value
    that is another thing."""
    match value:
        case ir.Draw(law=law, site=site) if law.scalar:
            return {site.split("@")[0]: law}
        case ir.Enumerated(law, axis) if law.scalar:
            return {axis.name: law}
        case ir.Neg(body):
            return _singles(body)
        case ir.Add(args) | ir.Mul(args):
            return _singles_of(args)
    return {}


def _singles_of(values: Sequence[ir.Node]) -> Singles:
    """The same of several values, all of them numbers."""
    drawn = [_singles(each) for each in values]
    if not all(own or each.event == "number" for own, each in zip(drawn, values, strict=True)):
        return {}
    return {name: law for own in drawn for name, law in own.items()}
