"""The arguments of a known function: as many as it takes, and no base that would be dropped."""

from __future__ import annotations

from formula2dgm.registry.functions import FUNCTIONS, function_by_spelling
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

AVAILABLE = "there are " + ", ".join(sorted(each.name for each in FUNCTIONS))


def refuse_wrong_arguments(
    context: Context, node: tree.Node, name: str, count: int, sub: tuple[tree.Node, ...]
) -> None:
    """``exp(x, y)``, ``max(x)`` and ``log_2 x`` are errors; an entropy counts its densities itself."""
    function = function_by_spelling(name)
    if function is not None and function.variadic:
        if count < 2:
            raise context.refuse("F2D-0218", f"{name} compares several values", node.span, f"write {name}(x, y)")
    elif count != 1 and name != "H":
        raise context.refuse("F2D-0218", f"{name} takes one argument, not {count}", node.span)
    if function is not None and sub:
        base = ", ".join(map(str, sub))
        hint = f"the logarithm is the natural one: divide by \\log {base}" if base.isdigit() else None
        raise context.refuse("F2D-0218", f"{name} with the subscript {base} is not understood", node.span, hint)
