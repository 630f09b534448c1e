r"""Draws of one number for each example where a vector's entries are meant: ``m \odot x``, ``x + u``.

Of ``m \sim Bernoulli(0.5)`` and ``u \sim U(0, 1)`` nothing says how many entries they have. Under ``\odot``, and added
to a vector, one number for all entries is another model than one for each: the text has to say which.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import plain
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

#: Letters of times.
TIMES = ("t", "s", "tau")


def refuse_single_factors(context: Context, node: tree.Mul, values: Sequence[ir.Node]) -> None:
    """``m \\odot x``: what stands between two signs is multiplied first."""
    ends = [i + 1 for i, op in enumerate(node.ops) if op == "odot"]
    for start, middle, end in zip([0, *ends], ends, [*ends[1:], len(values)], strict=False):
        sides = [(node.factors[a:b], values[a:b]) for a, b in ((start, middle), (middle, end))]
        for (factors, one), (others, other) in (sides, sides[::-1]):
            law = _law_of_all(one)
            if law is not None and _law_of_all(other) is None and any(each.event == "value" for each in other):
                drawn = next(each for each, value in zip(factors, one, strict=True) if _law(value) is not None)
                where, way = f"stands under \\odot beside {others[0]}", "; or write a product without \\odot"
                raise _refused(context, drawn, law, where, way)


def refuse_single_summands(context: Context, terms: Sequence[tree.Node], values: Sequence[ir.Node]) -> None:
    """``x + u``. A time is one number by nature: ``x_0 + a t`` is where a constant force has moved all entries."""
    laws = [None if _is_time(term) else _law(each) for term, each in zip(terms, values, strict=True)]
    vector = next((i for i, each in enumerate(values) if each.event == "value" and laws[i] is None), None)
    for term, law in zip(terms, laws, strict=True):
        if vector is not None and law is not None:
            raise _refused(context, term, law, f"is added to {terms[vector]}")


def _is_time(term: tree.Node) -> bool:
    return any(plain(each) in TIMES for each in term.all(tree.Symbol))


def _refused(context: Context, drawn: tree.Node, law: ir.Law, where: str, way: str = "") -> Exception:
    name = next((each for each in drawn.all(tree.Symbol)), drawn)
    space = "\\{0, 1\\}" if registry.family(law.family).support == "binary" else "\\mathbb{R}"
    return context.refuse(
        "F2D-0668",
        f"{name} is drawn as one number for each example, and {where}",
        drawn.span,
        f"say how many entries it has, {name} \\in {space}^{{64}}{way}",
    )


def _law(value: ir.Node) -> ir.Law | None:
    """The law of which a value is one number for each example, up to signs and numbers beside it."""
    match value:
        case ir.Draw(law=law) | ir.Enumerated(law=law):
            return law if law.scalar else None
        case ir.Neg(body):
            return _law(body)
        case ir.Add(args) | ir.Mul(args):
            return _law_of_all(args)
    return None


def _law_of_all(values: Sequence[ir.Node]) -> ir.Law | None:
    """The same of several values, all of them numbers."""
    laws = [_law(each) for each in values]
    plain = all(law is not None or each.event == "number" for law, each in zip(laws, values, strict=True))
    return next((law for law in laws if law is not None), None) if plain else None
