r"""Default parameters of a law that is fitted: ``\mu`` and ``\sigma`` of ``q(w) = \mathcal{N}(w; \mu, \sigma^2 I)``.

What stands in a declared family over one variable, given nothing, and has no value, is learned: it starts at 0, what
has to be positive at 1. A law without parameters of its own, ``p(w) = \mathcal{N}(w; 0, s^2 I)``, is a choice: its
numbers are hyperparameters.
"""

from __future__ import annotations

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Parameter
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import Name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.approximations import is_approximation
from formula2dgm.resolve.scaffold.rows import POSITIVE
from formula2dgm.resolve.scaffold.sizes import event_shape
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree


def default_fitted(context: Context, symbol: tree.Symbol, name: Name, scope: Scope) -> ir.Node | None:
    """The value of an unbound symbol of a law that is fitted; None for any other symbol."""
    declared = scope.statement
    if (
        not context.options.scaffold
        or declared is None
        or name.index
        or name.group
        or not _is_fitted(context, declared)
    ):
        return None
    if any(name.id in each.signature.ids[0] | each.signature.ids[1] for each in context.densities.all):
        return None
    variable = declared.signature.variables[0]
    shape = event_shape(context, variable) if variable is not None else None
    if shape is None:
        return None
    positive = _has_to_be_positive(declared, symbol)
    owned = attribute(f"log_{name.full}" if positive else name.full, "tensor")
    group = declared.signature.group[0] if declared.signature.group else None
    context.parameters.setdefault(owned, Parameter(owned, str(symbol), True, shape, group, fill=0.0))
    context.assume(
        f"{symbol} is learned{', positive: it starts at 1' if positive else ': it starts at 0'}", symbol.span
    )
    value = context.arena.make(ir.Param, owned, True)
    return context.arena.make(ir.Apply, "exp", (value,)) if positive else value


def _is_fitted(context: Context, declared: Declared) -> bool:
    """Is it the family of one variable, given nothing, with parameters of its own: labelled by them, or a q?"""
    signature = declared.signature
    alone = len(signature.variables) == 1 and not signature.given and declared.kind == "family"
    return alone and (bool(signature.group) or is_approximation(context, signature))


def _has_to_be_positive(declared: Declared, symbol: tree.Symbol) -> bool:
    """Does it stand in a positive argument of the family, and under no function?"""
    body = declared.body
    assert isinstance(body, tree.Call)
    family = registry.family_by_spelling(spelling(body.head))
    for argument, value in zip(family.arguments if family else (), body.params or body.args, strict=False):
        functions = [each for each in value.walk() if isinstance(each, tree.Func | tree.Prefix) and each.name != "diag"]
        if symbol in value.walk():
            return argument in POSITIVE and not functions
    return False
