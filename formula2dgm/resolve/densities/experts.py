"""Products of experts: ``q(z|x,y) \\propto p(z) q(z|x)^{w} q(z|y)`` of Normal densities of one variable is Normal."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import Signature
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate, declared_shape, family_law
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.lookup import find_use
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree

LawOf = Callable[[Context, Use, Scope, Evaluate], ir.Law]


def product_law(context: Context, declared: Declared, inner: Scope, evaluate: Evaluate, law_of: LawOf) -> ir.Law:
    """The product, normalised. Precisions add, each by its expert's exponent: 1/s^2 = sum_i w_i / s_i^2, and
    loc = s^2 sum_i w_i loc_i / s_i^2."""
    signature = declared.signature
    factors = declared.body.factors if isinstance(declared.body, tree.Mul) else (declared.body,)
    experts = [_weighted(context, each, signature, inner, evaluate, law_of) for each in factors]
    if any(law.family != "Normal" for law, _ in experts):
        raise context.refuse(
            "F2D-0303",
            f"the normaliser of {signature.label} is known only for products of Normal densities",
            declared.span,
            "let every factor be Normal, or write the density with =",
        )
    make = context.arena.make
    precisions: list[ir.Node] = []
    weighted: list[ir.Node] = []
    for law, weight in experts:
        params = dict(law.params)
        precision = _entitled(context, _precision(context, params["scale"], weight), f"{law.label} precision")
        precisions.append(precision)
        if not (isinstance(params["loc"], ir.Const) and params["loc"].value == 0):
            weighted.append(make(ir.Mul, (precision, params["loc"])))
    total = _entitled(context, _sum(context, precisions), f"{signature.label} precision")
    loc = make(ir.Div, _entitled(context, _sum(context, weighted), f"{signature.label} weighted sum"), total)
    scale = make(ir.Pow, total, context.const(-0.5))
    shape = declared_shape(context, signature)
    return make(ir.Law, signature.label, "Normal", (("loc", loc), ("scale", scale)), shape, False, ())


def _entitled(context: Context, node: ir.Node, title: str) -> ir.Node:
    """What is computed of others, by its name in generated code."""
    return context.arena.entitle(node, title) if node.axes and any(True for _ in node.children) else node


def _precision(context: Context, scale: ir.Node, weight: ir.Node | None) -> ir.Node:
    """``w / s^2``; a number where both are."""
    make = context.arena.make
    if isinstance(scale, ir.Const):
        number = context.const(scale.value**-2)
        return number if weight is None else weight if number.value == 1 else make(ir.Mul, (weight, number))
    precision = make(ir.Pow, scale, context.const(-2))
    return precision if weight is None else make(ir.Mul, (weight, precision))


def _sum(context: Context, parts: list[ir.Node]) -> ir.Node:
    if not parts:
        return context.const(0.0)
    return parts[0] if len(parts) == 1 else context.arena.make(ir.Add, tuple(parts))


def _weighted(
    context: Context, factor: tree.Node, signature: Signature, scope: Scope, evaluate: Evaluate, law_of: LawOf
) -> tuple[ir.Law, ir.Node | None]:
    """An expert and the exponent it is raised to."""
    if isinstance(factor, tree.Power):
        return _expert(context, factor.base, signature, scope, evaluate, law_of), evaluate(factor.exponent, scope)
    return _expert(context, factor, signature, scope, evaluate, law_of), None


def _expert(
    context: Context, factor: tree.Node, signature: Signature, scope: Scope, evaluate: Evaluate, law_of: LawOf
) -> ir.Law:
    if not isinstance(factor, tree.Call):
        raise _no_expert(context, factor, signature)
    if isinstance(factor.head, tree.Symbol) and registry.family_by_spelling(factor.head.style + factor.head.letter):
        written = factor.args if factor.params or factor.given else ()
        if written and not _is_over(context, written, signature):
            raise _no_expert(context, factor, signature)
        return family_law(context, factor, None, scope, evaluate)
    use = find_use(context, factor)
    if not _is_over(context, factor.args, signature):
        raise _no_expert(context, factor, signature)
    own = {each.id for each in signature.variables if each}
    names = {read_name(each, context.model.indices).id for each in use.variables if isinstance(each, tree.Symbol)}
    if names != own:
        raise _no_expert(context, factor, signature)
    return law_of(context, use, scope, evaluate)


def _is_over(context: Context, written: tuple[tree.Node, ...], signature: Signature) -> bool:
    """Is a factor over the variables of the product, at the same steps: ``x_{t-1}``, and not ``x_t``?"""
    own = {each.id: each.index for each in signature.variables if each}
    for slot in written:
        name = read_name(slot, context.model.indices) if isinstance(slot, tree.Symbol) else None
        if name is not None and name.id in own and name.index and own[name.id] and name.index != own[name.id]:
            return False
        if name is not None and name.id not in own:
            return False
    return True


def _no_expert(context: Context, factor: tree.Node, signature: Signature) -> Exception:
    names = ", ".join(str(each) for each in signature.slots[: len(signature.variables)])
    return context.refuse(
        "F2D-0303",
        f"{factor} is no density over {names}",
        factor.span,
        f"every factor of {signature.label} is a density over {names}",
    )
