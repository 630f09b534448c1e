"""The arguments of a call that are the last values of what it defines: ``h_{t-1}`` of ``h_t = f(x_t, h_{t-1})``."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.statements.outputs import OutputOf
from formula2dgm.syntax import tree


def defined_here(context: Context) -> tuple[str, ...]:
    """The names that the statement defines whose right side is being evaluated, in the order of its tuple."""
    definitions = context.model.definitions
    key = next((each for each in reversed(context.resolving) if each in definitions), None)
    if key is None:
        return ()
    body = definitions[key].body
    if not isinstance(body, OutputOf):
        return (key,)
    together = {
        int(str(each.body.index[0])): name
        for name, each in definitions.items()
        if isinstance(each.body, OutputOf) and each.body.body == body.body
    }
    return tuple(together[place] for place in sorted(together))


def defines_whole(context: Context) -> bool:
    """Is ``b_{1:T}`` of ``b_{1:T} = f(x_{1:T})`` what is being evaluated?"""
    time, names = context.time, [context.model.definitions[each].name for each in defined_here(context)]
    return time is not None and any(time.is_whole(place) for name in names for _, place in time.places(name))


def carried_places(context: Context, args: tuple[ir.Node, ...]) -> tuple[int | None, ...]:
    """For each name that is being defined, the place of the argument that is its value one step before."""
    time = context.time
    sites = {each: time.sites.get(each) for each in defined_here(context)} if time is not None else {}
    return tuple(
        next(
            (
                place
                for place, each in enumerate(args)
                if isinstance(each, ir.Previous) and each.site == site and abs(each.lag) == 1
            ),
            None,
        )
        for site in sites.values()
    )


def flattened(
    written: tuple[tree.Node, ...], args: tuple[ir.Node, ...]
) -> tuple[tuple[tree.Node, ...], tuple[ir.Node, ...]]:
    """The arguments with those of tuples side by side: ``f(x, (h, c))`` as ``f(x, h, c)``."""
    nodes: list[ir.Node] = []
    texts: list[tree.Node] = []
    for text, node in zip(written, args, strict=False):
        parts = node.parts if isinstance(node, ir.Pair) else (node,)
        nodes += parts
        texts += text.items if isinstance(text, tree.Tuple) and len(text.items) == len(parts) else (text,) * len(parts)
    return tuple(texts), tuple(nodes)
