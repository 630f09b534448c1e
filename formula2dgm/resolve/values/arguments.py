"""The arguments of a known function: as many as it takes, and no base that would be dropped."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.diagnostics import Diagnostics
from formula2dgm.reading.numbers import refuse_huge
from formula2dgm.registry.functions import FUNCTIONS, function_by_spelling
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

#: How large a model may be; some questions that each density asks look at all of its text.
MAX_NODES = 10_000

AVAILABLE = "there are " + ", ".join(sorted(each.name for each in FUNCTIONS))


def refuse_wrong_arguments(
    context: Context, node: tree.Node, name: str, count: int, sub: tuple[tree.Node, ...]
) -> None:
    """``exp(x, y)``, ``max(x)`` and ``log_2 x`` are errors; an entropy counts its densities itself."""
    function = function_by_spelling(name)
    if function is not None and function.variadic:
        if count < 2:
            raise context.refuse("F2D-0218", f"{name} compares several values", node.span, f"write {name}(x, y)")
    elif count not in _counts(name, sub):
        raise context.refuse("F2D-0218", f"{name} takes {_COUNTED[_counts(name, sub)[0]]}, not {count}", node.span)
    if function is not None and sub and name not in ("clip", "huber", "Huber"):
        base = ", ".join(map(str, sub))
        hint = f"the logarithm is the natural one: divide by \\log {base}" if base.isdigit() else None
        raise context.refuse("F2D-0218", f"{name} with the subscript {base} is not understood", node.span, hint)


_COUNTED = {1: "one argument", 2: "two arguments", 3: "three arguments"}


def _counts(name: str, sub: tuple[tree.Node, ...]) -> tuple[int, ...]:
    """How many arguments a function takes; entropies and indicators count theirs themselves."""
    function = function_by_spelling(name)
    if name in ("H", "indicator"):
        return tuple(range(1, 10))
    if name == "clip" and len(sub) == 1 and isinstance(sub[0], tree.Interval):
        return (1,)
    if name == "cos" or (function is not None and function.name == "huber"):
        return (1, 2)
    return (1,) if function is None else (function.arguments,)


def refuse_unusable(statements: Sequence[tree.Statement], found: Diagnostics) -> None:
    """More text than a model has; numbers beyond what a float holds; ``N(; 0, I)`` and ``f()``, where no value or
    variable stands."""
    roots = [each.body for each in statements]
    sizes = [sum(1 for _ in root.walk()) for root in roots]
    if sum(sizes) > MAX_NODES:
        largest = max(range(len(sizes)), key=sizes.__getitem__)
        message = f"the model has {sum(sizes):,} symbols and signs, more than {MAX_NODES:,}"
        hint = "leave out what the objective does not need, or write equal terms as a sum over an index"
        found.error("F2D-0663", message, roots[largest].span, hint)
        return
    refuse_huge(roots, found)
    for each in (node for root in roots for node in root.walk()):
        if isinstance(each, tree.Call) and not each.args:
            found.error(
                "F2D-0222",
                f"nothing stands in the brackets of {each.head}, before its parameters",
                each.span,
                "write what it is applied to: f(x), N(x; 0, I)",
            )
