r"""Tensors with a row for each value of a finite state: ``A_{z_{t-1}}``, ``\mu_{z_t}``, and the tensors that a density
given the state is bound to.

Where the state takes all its values, the rows run along it; where it is drawn or data, the row of its value is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from formula2dgm import registry
from formula2dgm.bindings import FamilyValue, NumberValue, ParameterValue, TensorValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import Signature
from formula2dgm.registry.family import Family
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.densities.finding import Density
from formula2dgm.resolve.sequences.timeline import step_key
from formula2dgm.syntax import tree

# -- states --------------------------------------------------------------------------------------------


def state_key(context: Context, state: tree.Symbol) -> str:
    """What a scope calls the value of a state at a step."""
    name = read_name(state, context.model.indices)
    return step_key(name) if name.index else name.id


def state_of(
    context: Context, index: tree.Node, scope: Scope, evaluate: Callable[[tree.Node, Scope], ir.Node]
) -> ir.Node | None:
    """The value of a finite state that stands for an index; None for any other index."""
    if not isinstance(index, tree.Symbol):
        return None
    known = scope.values.get(state_key(context, index))
    if isinstance(known, ir.Enumerated):
        return known
    return evaluate(index, scope) if is_category(context, read_name(index, context.model.indices)) else None


def is_category(context: Context, name: Name | None) -> bool:
    """Does a variable count classes, by its space or by a density over it?"""
    if name is None or name.id not in context.model.variables:
        return False
    space = context.model.spaces.get(name.id)
    if space is not None:
        return space.kind == "category"
    over = (each for each in context.densities.all if each.signature.ids[0] == {name.id})
    return any(_counts_classes(each) for each in over)


def _counts_classes(density: Density) -> bool:
    bound = density.binding.value if density.binding is not None else None
    if isinstance(bound, FamilyValue):
        return bound.family == "Categorical" and ("one_hot", True) not in bound.options
    body = density.declared.body if density.declared is not None else None
    family = registry.family_by_spelling(spelling(body.head)) if isinstance(body, tree.Call) else None
    return family is not None and family.name == "Categorical"


def classes_of(context: Context, state: ir.Node) -> int | None:
    """The number of classes where a tensor of weights says it; None where a network, or data, do."""
    law = state.law if isinstance(state, ir.Enumerated | ir.Draw) else state
    if not isinstance(law, ir.Law) or law.family != "Categorical":
        return None
    computed = any(isinstance(each, ir.NetCall | ir.MatMul | ir.Data | ir.FirstStep) for each in walk(law))
    tensors = [each for each in walk(law) if isinstance(each, ir.Param)]
    shape = context.parameter(tensors[0].name).shape if len(tensors) == 1 and not computed else None
    return shape[-1] if shape else None


def unknown_values(context: Context, variable: str, symbol: tree.Symbol | None = None) -> Refused:
    """The refusal of a state of which nothing says how many values it has."""
    return context.refuse(
        "F2D-0455",
        f"nothing says how many values {variable} has",
        symbol.span if symbol is not None else None,
        f"write its space: {variable}_t \\in \\{{1, \\dots, 10\\}}",
    )


# -- rows ----------------------------------------------------------------------------------------------


def rows_at(
    context: Context, name: str, learned: bool, frozen: bool, states: Sequence[ir.Node], whole: bool
) -> ir.Node | None:
    """The rows of a tensor at finite states, ``whole`` where nothing is left behind them; None for several states that
    are drawn or data."""
    make = context.arena.make
    if all(isinstance(each, ir.Enumerated) for each in states):
        axes = tuple(each.axis for each in states if isinstance(each, ir.Enumerated))
        return make(ir.Param, name, learned, frozen, axes, whole)
    if len(states) != 1:
        return None
    rows = Axis("index", f"row of {name}")
    return make(ir.At, make(ir.Param, name, learned, frozen, (rows,), whole), rows, states[0])


def tables_of(
    context: Context,
    family: Family,
    signature: Signature,
    values: Sequence[tuple[str, ParameterValue]],
    given: Sequence[ir.Node],
) -> dict[str, tuple[ir.Node, ...]]:
    """The states that the first dimensions of a law's tensors count, where nothing but tensors and numbers says how it
    depends on what it is given."""
    slots = zip(signature.given, given, strict=True)
    states = tuple(value for name, value in slots if isinstance(value, ir.Enumerated) or is_category(context, name))
    if not states or not all(isinstance(value, TensorValue | NumberValue) for _, value in values):
        return {}
    shapes = {name: value.shape for name, value in values if isinstance(value, TensorValue)}
    depths = {name: len(shape) - _rank(family, name) for name, shape in shapes.items()}
    deepest = max(depths.values(), default=0)
    sizes = [_size(context, name, value) for name, value in zip(signature.given, given, strict=True) if value in states]
    found = {}
    for name, depth in depths.items():
        least = len(states) + (None in sizes and not _rank(family, name))
        fits = all(size in (None, own) for size, own in zip(sizes, shapes[name], strict=False))
        if depth == deepest and depth >= least and fits:
            names = " and of ".join(
                each.id for each, value in zip(signature.given, given, strict=True) if each and value in states
            )
            context.assume(f"{name} of {signature.label} has a row for each value of {names}")
            found[name] = states
    return found


def _size(context: Context, name: Name | None, state: ir.Node) -> int | None:
    space = context.model.spaces.get(name.id) if name is not None else None
    return space.classes if space is not None and space.classes is not None else classes_of(context, state)


def _rank(family: Family, name: str) -> int:
    """The dimensions of a parameter, or of another form of it."""
    canonical = next((each for each, others in family.alternatives.items() if name in others), name)
    return family.rank(canonical)
