"""Densities that a player does not train: ``\\pi_{ref}(y|x)`` beside ``\\pi_\\theta(y|x)`` under ``\\min_\\theta``.

What stands under the operator is trained. A density of the same letter and variables that has no parameters among it is
what the trained one is compared with, and is held constant.
"""

from __future__ import annotations

from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.reading.signature import is_density_call, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def is_reference(context: Context, call: tree.Call) -> bool:
    """Is the density held constant, as another one of its letter and variables is trained by name?"""
    trained = {name for wanted in context.model.objectives for _, names in wanted.operators for name in names}
    if not trained or not trained <= GREEK_GROUPS or not is_density_call(call):
        return False
    own = read_signature(call, context.model.indices, context.model.parameters)
    if not own.given or trained & set(own.group):
        return False
    letter = own.head.split("_")[0]
    for node in (each for root in context.model.expressions() for each in root.walk()):
        if isinstance(node, tree.Call) and is_density_call(node):
            other = read_signature(node, context.model.indices, context.model.parameters)
            alike = other.ids == own.ids and other.head.split("_")[0] == letter
            if alike and trained & set(other.group):
                named = ", ".join(sorted(trained))
                context.assume(f"{own.label} is held constant: only {named} is trained", call.span)
                return True
    return False
