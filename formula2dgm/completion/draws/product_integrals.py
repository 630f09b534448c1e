r"""Integrals over several draws of one density, ``\int \prod_{i=1}^N q(z^i|x) f(z^{1:N}) dz^{1:N}``: the expectation
of f under N draws, ``E_{z^{1:N} \sim q(z|x)}[f(z^{1:N})]``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def average_over_products(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such integrals as expectations, and what was decided."""
    notes: list[Note] = []

    def written(node: tree.Node) -> tree.Node:
        made = map_children(node, written)
        if not isinstance(made, tree.Integral) or (made.lower, made.upper) != (None, None):
            return made
        factors = made.body.factors if isinstance(made.body, tree.Mul) else (made.body,)
        for place, factor in enumerate(factors):
            density = _density(factor, made.variables)
            rest = (*factors[:place], *factors[place + 1 :])
            if density is not None and rest:
                body = rest[0] if len(rest) == 1 else tree.Mul(rest, ("",) * (len(rest) - 1), span=made.body.span)
                notes.append(
                    Note(f"the integral over {made.variables[0]} is an expectation under its density", made.span)
                )
                return tree.Expect((tree.Draws(made.variables, density, span=factor.span),), body, span=made.span)
        return made

    return [each.with_body(written(each.body)) for each in statements], notes


def _density(factor: tree.Node, variables: tuple[tree.Node, ...]) -> tree.Call | None:
    """``q(z|x)`` of ``\\prod_{i=1}^N q(z^i|x)``, where the integral is over ``z^{1:N}``."""
    match factor:
        case tree.Big("prod", (tree.Binds(tree.Symbol() as index, tree.Number("1")),), upper, tree.Call() as call):
            pass
        case _:
            return None
    if len(variables) != 1 or len(call.args) != 1 or upper is None or not is_density_call(call):
        return None
    (point,), (whole,) = call.args, variables
    if not isinstance(point, tree.Symbol) or not isinstance(whole, tree.Symbol):
        return None
    ends = tree.Range(tree.Number("1", span=index.span), upper, span=index.span)
    if _exchanged(point, index, ends) != whole or any(index in each.walk() for each in call.given or ()):
        return None
    bare = replace(point, sub=tuple(e for e in point.sub if e != index), sup=tuple(e for e in point.sup if e != index))
    return replace(call, args=(bare,))


def _exchanged(point: tree.Symbol, index: tree.Symbol, ends: tree.Range) -> tree.Symbol:
    """``z^{1:N}`` of ``z^i``."""
    sub, sup = (tuple(ends if each == index else each for each in scripts) for scripts in (point.sub, point.sup))
    return replace(point, sub=sub, sup=sup)
