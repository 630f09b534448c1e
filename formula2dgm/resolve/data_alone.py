r"""What ``E_{p_{data}}[\log D(x)]`` is over: the one variable that its body reads, though other brackets draw it."""

from __future__ import annotations

from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.syntax import tree

#: What binds variables of its own.
_BINDERS = tree.Expect | tree.Divergence | tree.Big | tree.Integral


def read_alone(context: Context, body: tree.Node | None, scope: Scope) -> tree.Symbol | None:
    """The one free variable of a body, where brackets elsewhere draw it; None where it reads others, or none."""
    found: dict[str, tree.Symbol] = {}
    for node in body.walk() if body is not None else ():
        if isinstance(node, _BINDERS):
            return None
        if not isinstance(node, tree.Symbol):
            continue
        name = read_name(node, context.model.indices)
        if name.id in context.model.variables - scope.values.keys():
            found.setdefault(name.id, node)
            if name.index or name.id in context.model.definitions.keys() | context.model.drawn.keys():
                return None
    if len(found) != 1 or not found.keys() <= context.latent:
        return None
    (symbol,) = found.values()
    context.assume(f"the data are {symbol} where an expectation over them reads nothing else", symbol.span)
    return symbol
