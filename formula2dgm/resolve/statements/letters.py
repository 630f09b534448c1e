"""The densities that a letter alone stands for: ``E_q``."""

from __future__ import annotations

from formula2dgm.reading.names import Name, read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.bare import calls_of
from formula2dgm.resolve.densities.factorisation import ancestral_order
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.lookup import find_uses
from formula2dgm.syntax import tree


def uses_of_letter(context: Context, head: tree.Symbol) -> list[Use]:
    """``E_q``: the densities of that letter, in ancestral order, each at its own variables."""
    name = read_name(head, context.model.indices, head=True)
    near = [
        each
        for each in context.densities.all
        if each.signature.head == name.id and (not name.group or name.group == each.signature.group)
    ]
    found = near or list({id(use.density): use.density for use in _uses_of(context, name)}.values())
    return [
        Use(each, each.signature.slots[: each.signature.arity[0]], each.signature.slots[each.signature.arity[0] :])
        for each in ancestral_order(found) or []
    ]


def _uses_of(context: Context, head: Name) -> list[Use]:
    return [use for call in calls_of(context, head) for use in find_uses(context, call)]
