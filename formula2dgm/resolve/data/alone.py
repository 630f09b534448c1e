r"""Expectations over the data that name no variable: ``E_{p_{data}}[\log D(x)]``, ``E_{\mathcal{D}}[f(x)]``."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading.names import read_name
from formula2dgm.reading.scopes import Names, occurs_free
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.data.sources import is_data_source
from formula2dgm.resolve.operators.binder_items import names_in
from formula2dgm.syntax import tree

#: What binds variables of its own.
_BINDERS = tree.Expect | tree.Divergence | tree.Big | tree.Integral


def is_all_data(context: Context, names: Sequence[tree.Node], body: tree.Node | None) -> bool:
    """``E_{p_data}``, ``E_D``: the average over the examples, whatever of them the body reads; a D that it reads is a
    variable."""
    if len(names) != 1 or not is_data_source(context, names[0]):
        return False
    own = frozenset(names_in(context, names))
    return body is None or not occurs_free(body, own, Names(context.model.indices))


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
