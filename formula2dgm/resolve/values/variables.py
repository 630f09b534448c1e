"""What a symbol stands for at its place: a bound variable, a draw, a definition, data, or a hyperparameter."""

from __future__ import annotations

from formula2dgm.bindings import NumberValue, TensorValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Parameter
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.numbers import constant
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.data.inputs import add_input, at_another, data, indexed, size_named
from formula2dgm.resolve.data.sources import is_data_source
from formula2dgm.resolve.densities.class_rows import class_row
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.draws.common_draws import is_common
from formula2dgm.resolve.draws.drawing import law_of_binder, samples_of
from formula2dgm.resolve.draws.estimated_draws import drawn_value, estimator_of
from formula2dgm.resolve.processes.schedules import is_schedule, reads_itself, recurrence
from formula2dgm.resolve.scaffold.fitted import default_fitted
from formula2dgm.resolve.scaffold.rows import default_row
from formula2dgm.resolve.scaffold.tables import default_table
from formula2dgm.resolve.sequences.first_values import at_steps, first_value, steps_of_draws
from formula2dgm.resolve.sequences.recurrences import initial, is_state, state
from formula2dgm.resolve.sequences.steps import at_its_step
from formula2dgm.resolve.sequences.timeline import axis_of
from formula2dgm.resolve.sequences.windows import lengths
from formula2dgm.resolve.statements.definitions import Definition
from formula2dgm.resolve.statements.hyperparameters import hyperparameter, is_weighed_against_rest
from formula2dgm.resolve.statements.learned_constants import learned_constant
from formula2dgm.resolve.statements.model import Drawn
from formula2dgm.resolve.values.entry_counts import entry_count
from formula2dgm.resolve.values.followed import as_target, averaged_tensor
from formula2dgm.resolve.values.indexed import own_axes
from formula2dgm.resolve.values.tables import rows_at, state_of
from formula2dgm.syntax import tree

#: Words for what does not depend on anything that is trained.
CONSTANTS = frozenset(("const", "constant", "Const", "cst"))


def variable(context: Context, symbol: tree.Symbol, scope: Scope, evaluate: Evaluate) -> ir.Node:
    """The value of a symbol."""
    index_name = plain(symbol)
    if index_name is not None and index_name in scope.indices:
        return context.arena.make(ir.Index, scope.indices[index_name])
    if index_name is not None and (counted := size_named(context, index_name)) is not None:
        own = lengths(context, counted) if counted.kind == "time" else None
        return own or context.arena.make(ir.Size, counted, origin=symbol)
    if (averaged := averaged_tensor(context, symbol)) is not None:
        return as_target(context, variable(context, averaged[0], scope, evaluate), averaged[1:])
    name = read_name(symbol, context.model.indices)
    if (first := first_value(context, name)) is not None:
        return statement_draw(context, first, scope, evaluate)
    if (elsewhere := at_its_step(context, symbol, name, scope, evaluate)) is not None:
        return elsewhere
    if name.id in scope.values:
        _note_missing_index(context, scope.values[name.id], name, scope, symbol)
        return indexed(context, scope.values[name.id], name, scope, symbol)
    if name.id in context.model.drawn:
        node = statement_draw(context, context.model.drawn[name.id], scope, evaluate)
        return indexed(context, node, name, scope, symbol)
    head = read_name(symbol, context.model.indices, head=True)
    for each in (head.full, name.id):
        if each in context.model.definitions:
            return _definition(context, each, scope, evaluate, symbol)
    if (row := class_row(context, symbol, scope, evaluate)) is not None:
        return row
    if context.named.find(head) is not None:
        return _named(context, head, symbol, scope, evaluate)
    if (row := default_row(context, symbol, scope) or default_table(context, symbol, scope, evaluate)) is not None:
        return row
    if name.full in context.model.parameters and name.full not in context.hyperparameters:
        raise context.refuse(
            "F2D-0219",
            f"{name.full} names parameters (a subscript of a density or a network); it has no value of its own",
            symbol.span,
            "leave it to the optimiser (weight decay), or bind it to a tensor or a number",
        )
    if (fitted := default_fitted(context, symbol, head, scope)) is not None:
        return fitted
    if name.id in context.model.variables:
        return data(context, name, scope, symbol)
    if name.letter == "pi" and not (name.labels or head.group or is_weighed_against_rest(context, symbol)):
        context.assume("pi is 3.14159…", symbol.span)
        return context.const(3.141592653589793)
    if name.full in CONSTANTS:
        context.assume(f"{symbol} is left out: a constant has no gradient", symbol.span)
        return context.const(0.0)
    if (count := entry_count(context, symbol, scope, evaluate)) is not None:
        return count
    return learned_constant(context, head, symbol) or hyperparameter(context, head, symbol)


def _note_missing_index(context: Context, node: ir.Node, name: Name, scope: Scope, symbol: tree.Symbol) -> None:
    """``z`` under a sum over k of draws ``z_{1:K}``: it is the draw that the sum is at."""
    for axis in node.axes:
        if axis.kind == "sample" and not name.index and axis in scope.indices.values():
            context.assume(f"{symbol} under the sum over {axis.name} is {symbol}_{axis.name}", symbol.span)


# -- draws by statements -------------------------------------------------------------------------------


def statement_draw(context: Context, drawn: Drawn, scope: Scope, evaluate: Evaluate) -> ir.Node:
    """``z ~ q(z|x)`` as a statement: the same draw wherever z stands."""
    if drawn.name.id in context.resolving:
        raise context.refuse("F2D-0309", f"{drawn.name.id} is drawn given itself", drawn.span)
    if is_data_source(context, drawn.density):
        symbol = tree.Symbol(drawn.name.letter, drawn.name.accents, (), (), drawn.name.style, span=drawn.span)
        add_input(context, drawn.name, (scope.batch,), symbol)
        return context.arena.make(ir.Data, drawn.name.id, (scope.batch,))
    context.resolving.append(drawn.name.id)
    try:
        outside = Scope(scope.batch, indices=steps_of_draws(context, drawn), common=is_common(context, drawn))
        law = law_of_binder(context, drawn.density, drawn.name, outside, evaluate)
        law = at_steps(context, drawn, law)
        choice = estimator_of(context, drawn.name, law, drawn.span, single=False)
        axes = tuple(axis for each in drawn.index if (axis := _declared_axis(context, each)) is not None)
        node = drawn_value(context, choice, drawn.name, law, axes, outside, evaluate, drawn.span)
        context.statement_draws[drawn.name.id] = node
        if not axes and samples_of(context, drawn.name.id) > 1:
            context.found.warning(
                "F2D-0420",
                f"samples= does not apply to {drawn.name.id}: a statement draws it once",
                drawn.span,
                f"draw it by an expectation, or write its samples: {drawn.name.id}_{{1:K}} ~ ...",
            )
        return node
    finally:
        context.resolving.pop()


def _declared_axis(context: Context, index: tree.Node) -> Axis | None:
    if isinstance(index, tree.Range):
        return context.sample_axes.get(str(index.upper))
    text = plain(index)
    return context.sample_axes.get(text) if text else None


# -- definitions, constants, hyperparameters -----------------------------------------------------------


def _definition(context: Context, key: str, scope: Scope, evaluate: Evaluate, symbol: tree.Symbol) -> ir.Node:
    definition = context.model.definitions[key]
    if constant(definition.body) is not None and not definition.index:
        return hyperparameter(context, definition.name, symbol)
    inner = scope.under(symbol)
    for own, index in zip(definition.index, read_name(symbol, context.model.indices).index, strict=False):
        axis = scope.indices.get(plain(index) or "")
        if axis is not None:  # z_j of z_i = f(x_i)
            inner = inner.index(own, axis)
    if (repeated := _recurrence(context, key, definition, symbol, inner, evaluate)) is not None:
        return repeated
    with context.unfolding(key, definition.span):
        node = evaluate(definition.body, inner)
    if not definition.index:
        node = at_another(context, node, read_name(symbol, context.model.indices), inner)
    context.arena.note(node, symbol)
    if context.time is not None:
        node = along_time(context, key, definition, node, inner, symbol)
    return node


def _recurrence(
    context: Context, key: str, definition: Definition, symbol: tree.Symbol, scope: Scope, evaluate: Evaluate
) -> ir.Node | None:
    """A schedule that is made of its own last value, at the present step; None for any other definition."""
    if context.time is None or not is_schedule(context, key) or not reads_itself(context, key):
        return None
    name = read_name(symbol, context.model.indices)
    axis = next((axis for each in name.index if (axis := axis_of(context, plain(each) or "", scope)) is not None), None)
    if axis is None:
        return None
    node = recurrence(context, definition, axis, initial(context, name, symbol, scope, evaluate), scope, evaluate)
    context.arena.note(node, symbol)
    return node


def along_time(
    context: Context, key: str, definition: Definition, node: ir.Node, scope: Scope, symbol: tree.Symbol
) -> ir.Node:
    """What a definition of steps gives: a state that is carried, or the steps of a whole sequence."""
    time = context.time
    assert time is not None
    index = read_name(symbol, context.model.indices).index
    axis = next((axis for each in index if (axis := axis_of(context, plain(each) or "", scope)) is not None), None)
    if axis is None:
        return node
    if any(time.is_whole(place) for _, place in time.places(definition.name)):
        context.arena.entitle(node, definition.name.full)
        return context.arena.make(ir.Steps, node, axis, origin=symbol)
    if is_state(context, key):
        return state(context, key, node, axis)
    _refuse_steps_of_whole(context, definition, node, axis, symbol)
    return node


def _refuse_steps_of_whole(
    context: Context, definition: Definition, node: ir.Node, axis: Axis, symbol: tree.Symbol
) -> None:
    """``h_t`` of ``h = f(x)``: what a network makes of a whole sequence has no steps that are known."""
    if axis not in node.axes and not definition.index:
        name = definition.name.full
        raise context.refuse(
            "F2D-0405",
            f"{symbol} is read at a step of time, and {name} is made of a whole sequence: nothing says that what a "
            "network makes of it has steps",
            symbol.span,
            f"say so, {name}_{{1:T}} = f(x_{{1:T}}), or apply the network at each step, {symbol} = f(x_{axis.name})",
        )


def _named(context: Context, name: Name, symbol: tree.Symbol, scope: Scope, evaluate: Evaluate) -> ir.Node:
    binding = context.named.find(name)
    assert binding is not None
    match binding.value:
        case NumberValue():
            return hyperparameter(context, name, symbol)
        case TensorValue(shape, learned):
            owned = attribute(name.full, "tensor")
            context.parameters.setdefault(
                owned, Parameter(owned, binding.key.text, learned, shape, None, (binding.key.text, ""))
            )
            states = [state_of(context, each, scope, evaluate) for each in name.index]
            if states and None not in states:
                known = [each for each in states if each is not None]
                rows = rows_at(context, owned, learned, False, known, len(known) == len(shape))
                if rows is not None:
                    return rows
            own = own_axes(context, name, shape, scope, symbol)
            return context.arena.make(ir.Param, owned, learned, False, own, len(own) == len(shape))
        case _:
            raise context.refuse(
                "F2D-0207",
                f"{name.full} is a network; it stands here without arguments",
                symbol.span,
                f"write {name.full}(x)",
            )
