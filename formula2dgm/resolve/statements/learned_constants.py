r"""Constants that are learned: c of ``p_\theta(x) = \exp(-E_\theta(x) - c)``, and what an optimiser names,
``\max_{\theta, c}``.

A number that nothing gives a value is a parameter where the text says that it is trained, or where it is what makes a
density one: noise-contrastive estimation learns it beside the energy.
"""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Parameter
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.names import Name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.statements.hyperparameters import given_number
from formula2dgm.syntax import tree


def learned_constant(context: Context, name: Name, symbol: tree.Symbol) -> ir.Node | None:
    """The learned number that a symbol is by default; None for any other symbol."""
    if not context.options.scaffold or name.index or given_number(context, name) is not None:
        return None
    owned = attribute(name.full, "tensor")
    if owned not in context.parameters:
        group = _of_density(context, symbol)
        if group is None and not _is_optimised(context, name):
            return None
        context.parameters[owned] = Parameter(owned, str(symbol), True, (), group or None, fill=0.0)
        context.assume(f"{symbol} is learned, from 0", symbol.span)
    return context.arena.make(ir.Param, owned, True, False, (), True, origin=symbol)


def _is_optimised(context: Context, name: Name) -> bool:
    return any(name.full in names for wanted in context.model.objectives for _, names in wanted.operators)


def _of_density(context: Context, symbol: tree.Symbol) -> str | None:
    """The group of the density whose logarithm a symbol is added to, ``""`` where it has none; None for no density."""
    for declared in context.model.densities:
        body = declared.body
        exponent = body if declared.kind == "log" else _exponent(body) if declared.kind == "expression" else None
        terms = exponent.terms if isinstance(exponent, tree.Add) else ()
        if symbol in terms or any(isinstance(each, tree.Neg) and each.body == symbol for each in terms):
            return next(iter(declared.signature.group), "")
    return None


def _exponent(body: tree.Node) -> tree.Node | None:
    match body:
        case tree.Func("exp", (inside,)) | tree.Prefix("exp", inside):
            return inside
        case tree.Power(tree.Symbol(letter="e"), inside):
            return inside
    return None
