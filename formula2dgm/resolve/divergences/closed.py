"""Divergences in closed form: the chain rule of KL, and what follows from the closed forms of the registry.

Jeffreys   KL[p || q] + KL[q || p]
chi^2      exp(D_2[p || q]) - 1              D the Rényi divergence
H^2        1 - exp(-D_{1/2}[p || q] / 2)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import read_name
from formula2dgm.registry.divergences import closed_form
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.written_densities import is_written
from formula2dgm.resolve.divergences.sides import law_of_factor, pair_up, variable_of
from formula2dgm.resolve.operators.binders import Bound, bind_factor
from formula2dgm.resolve.operators.operators import Opened, close
from formula2dgm.resolve.values.entries import by_entry
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator

#: The closed form that a divergence follows from where it has none of its own, and the order that takes.
_THROUGH = {"chi^2": ("Renyi", 2), "H^2": ("Renyi", 0.5)}


def need_shape(context: Context, node: tree.Node, *laws: ir.Law) -> None:
    """A closed form sums over the event: of laws made of numbers alone, somebody must say how large it is."""
    numbers = all(value.event == "number" for law in laws for _, value in law.params)
    if numbers and all(law.shape is None for law in laws):
        slots = (each for call in node.all(tree.Call) for each in call.args)
        names = [read_name(each, context.model.indices).id for each in slots if isinstance(each, tree.Symbol)]
        say = f", dims={{{names[0]!r}: 16}}" if names else ""
        raise context.refuse(
            "F2D-0318",
            f"{node} sums over the dimensions of {laws[0].label}, and nothing says how many there are",
            node.span,
            f"write its space, z \\in \\mathbb{{R}}^{{16}}{say}, or bind f2d.Normal(..., event_shape=16)",
        )


def averaged(scope: Scope, bound: Bound) -> Opened:
    """What averages a body over the variables bound for it."""
    return Opened(scope, [("mean", axis) for axis in bound.averages], list(bound.enumerated), drawn=bound.draws)


def chain_rule(
    context: Context, node: tree.Node, pairs: Sequence[tuple[Use, Use]], scope: Scope, evaluate: Evaluator
) -> ir.Node | None:
    """KL of products is the sum of the factors' KL, each under draws of its parents. None without closed forms."""
    parts: list[ir.Node] = []
    bound = Bound()
    inner = scope.under(node)
    for position, (ours, theirs) in enumerate(pairs):
        p, q = law_of_factor(context, ours, inner, evaluate), law_of_factor(context, theirs, inner, evaluate)
        if closed_form("KL", p.family, q.family) is None:
            return None
        parts.append(between(context, node, "KL", (p, q), by_entry(context, ours.variables[0], p, scope)))
        if position + 1 < len(pairs):
            bind_factor(context, ours, bound, inner, evaluate, ())
            inner = inner.bind(bound.values)
    body = parts[0] if len(parts) == 1 else context.arena.make(ir.Add, tuple(parts))
    return close(context, averaged(inner, bound), body)


def between(
    context: Context,
    node: tree.Node,
    name: str,
    laws: tuple[ir.Law, ir.Law],
    elementwise: bool = False,
    arguments: tuple[ir.Node, ...] = (),
) -> ir.Node:
    """The node of a divergence in closed form."""
    need_shape(context, node, *laws)
    return context.arena.make(ir.Divergence, name, *laws, elementwise, arguments, origin=node)


def closed(
    context: Context,
    node: tree.Node,
    name: str,
    sides: tuple[list[Use], list[Use]],
    order: ir.Node | None,
    scope: Scope,
    evaluate: Evaluator,
) -> ir.Node | None:
    """A divergence of two sides in closed form; None where none is known."""
    left, right = sides
    if any(is_written(use.density) for use in (*left, *right)):
        return None
    if name == "Jeffreys":
        return _jeffreys(context, node, sides, scope, evaluate)
    pairs = pair_up(context, left, right)
    if pairs is None or not _independent(context, pairs):
        return None
    parts = []
    for ours, theirs in pairs:
        laws = (law_of_factor(context, ours, scope, evaluate), law_of_factor(context, theirs, scope, evaluate))
        part = _base(context, node, name, laws, order, by_entry(context, ours.variables[0], laws[0], scope))
        if part is None:
            return None
        parts.append(part)
    return _from_base(context, name, parts[0] if len(parts) == 1 else context.arena.make(ir.Add, tuple(parts)))


def closed_between(
    context: Context, node: tree.Node, name: str, laws: tuple[ir.Law, ir.Law], order: ir.Node | None
) -> ir.Node | None:
    """A divergence of two laws in closed form; None where none is known."""
    if name == "Jeffreys":
        if closed_form("KL", laws[0].family, laws[1].family) is None:
            return None
        parts = (between(context, node, "KL", laws), between(context, node, "KL", (laws[1], laws[0])))
        return context.arena.make(ir.Add, parts)
    part = _base(context, node, name, laws, order)
    return None if part is None else _from_base(context, name, part)


def _base(
    context: Context,
    node: tree.Node,
    name: str,
    laws: tuple[ir.Law, ir.Law],
    order: ir.Node | None,
    elementwise: bool = False,
) -> ir.Node | None:
    """The closed form that a divergence is, or follows from."""
    base, fixed = _THROUGH.get(name, (name, None))
    if closed_form(base, laws[0].family, laws[1].family) is None:
        return None
    argument = order if fixed is None else context.const(fixed)
    return between(context, node, base, laws, elementwise, () if argument is None else (argument,))


def _from_base(context: Context, name: str, renyi: ir.Node) -> ir.Node:
    """What a divergence is of the closed form that it follows from."""
    make = context.arena.make
    if name == "chi^2":
        return make(ir.Apply, "expm1", (renyi,))
    if name == "H^2":
        half = make(ir.Mul, (context.const(-0.5), renyi))
        return make(ir.Neg, make(ir.Apply, "expm1", (half,)))
    return renyi


def _jeffreys(
    context: Context, node: tree.Node, sides: tuple[list[Use], list[Use]], scope: Scope, evaluate: Evaluator
) -> ir.Node | None:
    parts = []
    for left, right in (sides, sides[::-1]):
        pairs = pair_up(context, left, right)
        part = chain_rule(context, node, pairs, scope, evaluate) if pairs is not None else None
        if part is None:
            return None
        parts.append(part)
    return context.arena.make(ir.Add, tuple(parts))


def _independent(context: Context, pairs: Sequence[tuple[Use, Use]]) -> bool:
    """Is no factor given a variable that another one draws? Then its divergence is not conditional."""
    names = {variable_of(context, ours) for ours, _ in pairs}
    given = [each for pair in pairs for use in pair for slot in use.given for each in slot.walk()]
    symbols = [each for each in given if isinstance(each, tree.Symbol)]
    return not any(read_name(each, context.model.indices).id in names for each in symbols)
