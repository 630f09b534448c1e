"""Plates of a joint: ``p(z) \\prod_{i=1}^n p(x_i|z)``, a density for each part of an example."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.joints import Factor
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain, read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.operators.plates import enter_plate
from formula2dgm.syntax import tree


def plated(context: Context, node: tree.Big) -> bool:
    """Enter the plates of a product over indices; False where it is none: nothing under it has its index."""
    for index, upper in binder_names(node):
        if index not in context.model.indices or not (carriers := _carriers(context, node.body, index)):
            return False
        enter_plate(context, index, upper, carriers, node)
    return True


def _carriers(context: Context, body: tree.Node, index: str) -> dict[str, tuple[str, ...]]:
    """The variables under the product that are read at its index, each with all its indices."""
    found: dict[str, tuple[str, ...]] = {}
    for symbol in body.all(tree.Symbol):
        name = read_name(symbol, context.model.indices)
        indices = tuple(text for each in name.index if (text := plain(each)) is not None)
        if index in indices and name.id in context.model.variables:
            found[name.id] = max(found.get(name.id, ()), indices, key=len)
    return found


def along_plates(context: Context, call: tree.Call, scope: Scope, make: Callable[[Scope], Factor]) -> Factor:
    """A factor in the scope of the plates it stands under; its logarithm is that of all parts."""
    axes = _axes(context, call)
    for axis in axes:
        scope = scope.index(axis.name, axis)
    for name in (read_name(each, context.model.indices) for each in call.args if isinstance(each, tree.Symbol)):
        if name.id in context.plated:
            scope = scope.bind({name.id: context.arena.make(ir.Data, name.id, (scope.batch, *axes))})
    factor = make(scope)
    if not axes:
        return factor
    log = factor.log
    for axis in reversed(axes):
        log = context.arena.make(ir.Reduce, "sum", axis, log)
    return replace(factor, log=log, law=None)


def _axes(context: Context, call: tree.Call) -> tuple[Axis, ...]:
    """The plates of what a density is of."""
    axes: dict[Axis, None] = {}
    for symbol in (each for each in call.args if isinstance(each, tree.Symbol)):
        name = read_name(symbol, context.model.indices)
        if name.index:
            axes |= dict.fromkeys(context.plated.get(name.id, ()))
    return tuple(axes)


def refuse_parts_read_whole(context: Context, factors: Sequence[Factor], drawn: Mapping[str, ir.Node]) -> None:
    """What is drawn part by part is read part by part: ``p(y|x_i)``, not ``p(y|x)`` behind ``\\prod_i p(x_i)``."""
    for factor in factors:
        for each in walk(factor.log):
            whole = isinstance(each, ir.Data) and each.name in drawn and len(each.axes) < len(_of(context, each.name))
            if whole and isinstance(each, ir.Data):
                raise context.refuse(
                    "F2D-0443",
                    f"{factor.label} reads all of {each.name}, which is drawn part by part",
                    factor.span,
                    f"pass {each.name} as data: leave its density out of the product",
                )


def _of(context: Context, name: str) -> tuple[Axis, ...]:
    return context.inputs[name].axes
