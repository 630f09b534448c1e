"""Expectations under a written mixture: that under ``\\sum_k w_k p_k`` is ``\\sum_k w_k E_{p_k}``, exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call, read_signature, slot_value
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.finding import Ambiguous, Use
from formula2dgm.resolve.densities.marginals import source_of_marginals
from formula2dgm.resolve.densities.written_densities import is_written, refuse_improper
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

Under = Callable[[tree.Node], tree.Node]


def under_components(context: Context, node: tree.Expect) -> tree.Node | None:
    """The expectation with its first mixture taken apart; None where it draws from none."""
    for position, binder in enumerate(node.binders):
        names, call = _drawn(binder)
        use = _mixture(context, call)
        if use is not None and (joint := _with_integrated(node, position, use)) is not None:
            context.assume(f"{call} is drawn from with what its integral is over: {joint.text}", binder.span)
            return joint.node
        if use is not None:
            context.assume(f"the expectation under {call} is that under each of its components, weighted", binder.span)
            return _taken_apart(context, node, position, names, use)
    return None


def over_components(context: Context, side: tree.Node, under: Under) -> tree.Node | None:
    """The sum of a written mixture with ``under(component)`` in place of each component; None for anything else."""
    use = _mixture(context, side if isinstance(side, tree.Call) else None)
    if use is None:
        return None
    declared = use.density.declared
    assert declared is not None
    refuse_improper(context, declared)
    written = dict(zip(declared.signature.slots, (*use.variables, *use.given), strict=True))
    variables = tuple(slot_value(each) for each in use.variables)
    return _distributed(context, _substituted(declared.body, written), variables, under)


def _taken_apart(
    context: Context, node: tree.Expect, position: int, names: tuple[tree.Node, ...], use: Use
) -> tree.Node:
    """The weighted sum of the expectations under the components of the mixture at this place of the subscript."""
    declared, binder = use.density.declared, node.binders[position]
    assert declared is not None
    refuse_improper(context, declared)
    written = dict(zip(declared.signature.slots, (*use.variables, *use.given), strict=True))
    variables = names or tuple(slot_value(each) for each in use.variables)

    def under(density: tree.Node) -> tree.Node:
        alone = is_density_call(density) and not names
        drawn = replace(density, span=binder.span) if alone else tree.Draws(variables, density, span=binder.span)
        return replace(node, binders=(*node.binders[:position], drawn, *node.binders[position + 1 :]))

    return _distributed(context, _substituted(declared.body, written), variables, under)


class _Joint(NamedTuple):
    node: tree.Node
    text: str


def _with_integrated(node: tree.Expect, position: int, use: Use) -> _Joint | None:
    """``E_{p(z) p(x|z)}[f]`` of ``E_{p(x)}[f]``, where p(x) is ``\\int p(x|z) p(z) dz`` and f reads no z of its own: a
    draw of the marginal is one of the joint."""
    assert use.density.declared is not None
    names, _ = _drawn(node.binders[position])
    written = dict(zip(use.density.declared.signature.slots, (*use.variables, *use.given), strict=True))
    match _substituted(use.density.declared.body, written):
        case tree.Integral(tree.Mul(factors), integrated, None, None):
            parts = [_as_draw(each, node.binders[position].span) for each in factors]
            over = [name for each in parts if each is not None for name in each.names]
            elsewhere = [*node.binders[:position], *node.binders[position + 1 :], node.body]
            read = {each for root in elsewhere for each in root.walk()}
            wanted = [*(slot_value(each) for each in use.variables), *integrated]
            if None in parts or sorted(map(str, over)) != sorted(map(str, wanted)) or read & set(integrated) or names:
                return None
            drawn = _parents_first([each for each in parts if each is not None])
            text = " ".join(str(each.density) for each in drawn)
            return _Joint(
                replace(node, binders=(*node.binders[:position], *drawn, *node.binders[position + 1 :])), text
            )
    return None


def _parents_first(draws: list[tree.Draws]) -> tuple[tree.Draws, ...]:
    """The draws in an order in which each reads only what is drawn before it; a cycle is left as it is."""
    ordered: list[tree.Draws] = []
    while draws:
        names = {name for each in draws for name in each.names}
        ready = next((each for each in draws if not names - set(each.names) & set(each.density.walk())), draws[0])
        ordered.append(ready)
        draws = [each for each in draws if each is not ready]
    return tuple(ordered)


def _as_draw(factor: tree.Node, span: Span) -> tree.Draws | None:
    """What a factor of an integrand draws: a density, ``p(x|z)``, or a family, ``N(x; z, 1)``."""
    if not isinstance(factor, tree.Call) or not (is_density_call(factor) or factor.params is not None):
        return None
    return tree.Draws(tuple(slot_value(each) for each in factor.args), factor, span=span)


def _drawn(binder: tree.Node) -> tuple[tuple[tree.Node, ...], tree.Call | None]:
    """The names that a binder draws, where it writes them, and the density it draws from."""
    if isinstance(binder, tree.Draws):
        return binder.names, binder.density if isinstance(binder.density, tree.Call) else None
    return (), binder if isinstance(binder, tree.Call) else None


def _mixture(context: Context, call: tree.Call | None) -> Use | None:
    """The use of a density that is written as an expression."""
    if call is None or not isinstance(call.head, tree.Symbol) or is_written_family(call):
        return None
    try:
        use = context.densities.find(read_signature(call, context.model.indices, context.model.parameters))
    except Ambiguous:
        return None
    if use is None or not is_written(use.density) or use.density.declared is None:
        return None
    if source_of_marginals(context, call, call.args) is not None:
        return None
    return use if use.density.declared.kind == "expression" else None


def _substituted(node: tree.Node, written: Mapping[tree.Node, tree.Node]) -> tree.Node:
    """A declared body at the values of a place of use."""
    if node in written:
        return written[node]
    return map_children(node, lambda child: _substituted(child, written))


def _distributed(context: Context, body: tree.Node, variables: tuple[tree.Node, ...], under: Under) -> tree.Node:
    """``under`` each component of a mixture's body, weights and sums kept around it."""
    match body:
        case tree.Add(terms):
            return replace(body, terms=tuple(_distributed(context, each, variables, under) for each in terms))
        case tree.Div(top, _):
            return replace(body, numerator=_distributed(context, top, variables, under))
        case tree.Big(op="sum", body=inner):
            return replace(body, body=_distributed(context, inner, variables, under), open=False)
        case tree.Mul(factors):
            inside = [each for each in factors if _is_component(each, variables)]
            if len(inside) == 1:
                changed = tuple(
                    _distributed(context, each, variables, under) if each is inside[0] else each for each in factors
                )
                return replace(body, factors=changed)
        case tree.Call() if _is_component(body, variables):
            return under(body)
    names = ", ".join(map(str, variables))
    raise context.refuse(
        "F2D-0321",
        f"nothing says how {names} is drawn from {body}",
        body.span,
        f"write a weighted sum of densities over {names}: \\sum_k \\pi_k p_k({names})",
    )


def _is_component(node: tree.Node, variables: tuple[tree.Node, ...]) -> bool:
    """A density over the variables drawn, or a sum of such."""
    match node:
        case tree.Call():
            over = is_density_call(node) or node.params is not None
            return over and any(slot_value(each) in variables for each in node.args)
        case tree.Add(terms):
            return all(_is_component(each, variables) for each in terms)
        case tree.Big(body=body) | tree.Div(numerator=body):
            return _is_component(body, variables)
        case tree.Mul(factors):
            return sum(_is_component(each, variables) for each in factors) == 1
    return False
