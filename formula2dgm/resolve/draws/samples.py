"""The axes of written samples: ``z_{1:K}``, ``z_{m,k}``, and the sums that run along them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.ir.axes import Axis
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import Name, mentions, plain, read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.draws.drawing import written_axes
from formula2dgm.resolve.flows.chained import chain_of
from formula2dgm.resolve.operators.sums import size_of
from formula2dgm.syntax import tree


def find_sample_axes(context: Context) -> dict[str, Axis]:
    """For each written sample axis, its axis under the index that runs along it and under its size (``k``, ``K``)."""
    axes: dict[str, Axis] = {}
    for name in _drawn_names(context):
        for index in name.index:
            if context.time is not None and context.time.place(index) is not None:
                continue
            if isinstance(index, tree.Range):
                upper = str(index.upper)
                bounds = context.model.bounds
                running = [each for each in context.model.indices if str(bounds.get(each, upper)) == upper]
                running.sort(key=lambda each: (each.lower() != upper.lower(), each))  # k runs to K, m to M
                used = [each for each in running if _indexes(context, name, each)]
                axis = Axis("sample", (used or [upper])[0], size_of(context, index.upper, index))
                axes[upper] = axis
                axes.update(dict.fromkeys(used[:1], axis))
                axes.update({each: axis for each in used[1:] if _sums_by_itself(context, each, used)})
            elif (text := plain(index)) in context.model.bounds:
                assert text is not None
                axes[text] = Axis("sample", text, size_of(context, context.model.bounds[text], index))
    return axes


def _sums_by_itself(context: Context, index: str, others: Sequence[str]) -> bool:
    """Is a second index over the same draws, l of ``w_k / \\sum_l w_l``, alone under each of its sums?"""
    beside = frozenset(each for each in others if each != index)
    sums = [
        node
        for root in context.model.expressions()
        for node in root.all(tree.Big)
        if any(name == index for name, _ in binder_names(node))
    ]
    return bool(sums) and not any(mentions(each.body, beside) for each in sums)


def find_written_draws(context: Context) -> dict[str, list[tuple[tree.Node, tuple[Axis, ...]]]]:
    """For each variable that some bracket draws several times, the densities and axes it is drawn from and along."""
    found: dict[str, list[tuple[tree.Node, tuple[Axis, ...]]]] = {}
    for root in context.model.expressions():
        for node in root.walk():
            if isinstance(node, tree.Draws):
                for each in node.names:
                    if isinstance(each, tree.Symbol) and (axes := written_axes(context, each)):
                        name = read_name(each, context.model.indices)
                        found.setdefault(name.id, []).append((node.density, axes))
    return found


def _drawn_names(context: Context) -> Iterator[Name]:
    for drawn in context.model.drawn.values():
        yield replace(drawn.name, index=drawn.index)
    for root in context.model.expressions():
        for node in root.walk():
            if isinstance(node, tree.Draws):
                for each in node.names:
                    if isinstance(each, tree.Symbol):
                        yield read_name(each, context.model.indices)


def _is_made_of(context: Context, name: Name, drawn: Name) -> bool:
    """Is it the drawn variable, or one that functions make of it: z of ``z = f(z_0)``?"""
    definition = context.model.definitions.get(name.id)
    chain = chain_of(context, definition.body) if definition is not None and name.id != drawn.id else None
    return name.id == drawn.id or (chain is not None and read_name(chain.start, context.model.indices).id == drawn.id)


def _indexes(context: Context, name: Name, index: str) -> bool:
    """Does the index run over this variable somewhere, itself or through a name that is defined by it, ``w_j``?"""
    through = _made_of(context, name)
    for root in context.model.expressions():
        for node in root.walk():
            if isinstance(node, tree.Symbol):
                each = read_name(node, context.model.indices)
                own = each.full in through or _is_made_of(context, each, name)
                if own and any(plain(item) == index for item in each.index):
                    return True
    return False


def _made_of(context: Context, name: Name) -> frozenset[str]:
    """The indexed names that a variable's draws define: ``w_k = p(x|z_k) / q(z_k|x)``."""
    found: set[str] = set()
    for key, definition in context.model.definitions.items():
        symbols = definition.body.all(tree.Symbol)
        read = [read_name(each, context.model.indices) for each in symbols] if definition.index else []
        if any(each.id == name.id and {plain(at) for at in each.index} & set(definition.index) for each in read):
            found.add(key)
    return frozenset(found)
