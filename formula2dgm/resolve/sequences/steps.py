r"""What stands at another step than the present one: ``z_{t-1}``, ``x_{t+1}``, ``z_T``, ``x_{1:T}``, ``x_{\le t}``."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.names import Name, mentions, read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.draws.picked import picked_at, row_at_drawn
from formula2dgm.resolve.processes.schedules import at_number, is_schedule, reads_itself
from formula2dgm.resolve.sequences.places import Between, End, Offset, Place, Step, place_of
from formula2dgm.resolve.sequences.recurrences import carried_before, initial
from formula2dgm.resolve.sequences.timeline import step_key
from formula2dgm.resolve.sequences.windows import lengths
from formula2dgm.resolve.statements.hyperparameters import enter_size
from formula2dgm.syntax import tree


def at_its_step(context: Context, symbol: tree.Symbol, name: Name, scope: Scope, evaluate: Evaluate) -> ir.Node | None:
    """The value of a variable at a step that is not the present one; None for any other symbol."""
    time = context.time
    running = any(mentions(each, frozenset(scope.indices)) for each in name.index)
    if name.index and not running:
        row = row_at_drawn(context, symbol, name, lambda each: evaluate(each, scope))
        if row is not None:
            return row
    if time is None or not name.index:
        return None
    if (exact := scope.values.get(step_key(name))) is not None:
        return exact
    if (picked := at_drawn_step(context, symbol, name, scope, evaluate)) is not None:
        return picked
    item, where = next(time.places(name), (None, None))
    if item is None or where is None or (name.id not in time.timed and name.full not in time.timed):
        return None
    index = where.index if isinstance(where, Offset | Between) else None
    if isinstance(where, Offset) and (where.by == 0 or where.index not in scope.indices):
        return None
    axis = scope.indices.get(index or "", time.axis)
    reading = _Reading(context, symbol, name, item, axis, index or axis.name, scope, evaluate)
    match where:
        case Offset(_, by):
            return reading.shifted(by)
        case Step() | End():
            return reading.at(where)
        case Between():
            return reading.between(where)


def at_drawn_step(
    context: Context, symbol: tree.Symbol, name: Name, scope: Scope, evaluate: Evaluate
) -> ir.Node | None:
    """The value of a variable at a step that is drawn, ``x_{t_1}``, for each example its own; None for any other."""
    time, indices = context.time, context.model.indices
    assert time is not None
    item = next((each for each in name.index if indices.reads_position(each)), None)
    if item is None or mentions(item, frozenset(scope.indices)):
        _refuse_range(context, symbol, name, scope)
        return None
    letter = next(iter(sorted(time.indices - indices.positions)), time.axis.name)
    reading = _Reading(context, symbol, name, item, time.axis, letter, scope, evaluate)
    place = place_of(item, indices.positions, time.ends)
    if isinstance(place, Offset) and place.by < 0 and is_schedule(context, name.full):
        position = evaluate(tree.Symbol(place.index, span=item.span), scope)
        return picked_at(context, reading.shifted(place.by), time.axis, position, symbol)
    value, position = reading.value(), evaluate(item, scope)
    if time.axis not in value.axes:
        raise context.refuse(
            "F2D-0459",
            f"{symbol} is read at a step that is drawn, and {name.id} has no steps",
            symbol.span,
            f"give {name.id} steps, {name.id}_{{1:T}} = f(x_{{1:T}}); or bind it to a tensor with a row for each",
        )
    return picked_at(context, value, time.axis, position, symbol)


def _refuse_range(context: Context, symbol: tree.Symbol, name: Name, scope: Scope) -> None:
    """``x_{<t}``, where t is drawn: the network that reads the steps so far is one of every step."""
    drawn = context.model.indices.positions - scope.indices.keys()
    if any(isinstance(each, tree.Range | tree.OpenRange) and mentions(each, drawn) for each in name.index):
        raise context.refuse(
            "F2D-0405",
            f"{symbol} ends at a step that is drawn",
            symbol.span,
            f"let a network read the steps so far of each, b_s = f({name.id}_{{\\le s}}), and read b at the drawn step",
        )


class _Reading:
    """A variable read along its steps."""

    def __init__(
        self,
        context: Context,
        symbol: tree.Symbol,
        name: Name,
        item: tree.Node,
        axis: Axis,
        index: str,
        scope: Scope,
        evaluate: Evaluate,
    ):
        assert context.time is not None
        self.context, self.time, self.make = context, context.time, context.arena.make
        self.symbol, self.name, self.axis, self.scope, self.evaluate = symbol, name, axis, scope, evaluate
        self.index = index
        self.lengths = lengths(context, axis)
        letter = tree.Symbol(index, span=item.span)
        self.present = replace(
            symbol,
            sub=tuple(letter if each is item else each for each in symbol.sub),
            sup=tuple(letter if each is item else each for each in symbol.sup),
        )

    def value(self) -> ir.Node:
        """The value at the present step, along the axis of all steps."""
        return self.evaluate(self.present, self.scope.index(self.index, self.axis))

    def shifted(self, by: int) -> ir.Node:
        """The value some steps later, or earlier."""
        own = read_name(self.present, self.context.model.indices)
        before = carried_before(self.context, own, -by, self.axis, self.scope, self.symbol, self.evaluate)
        if before is not None:
            return before
        value = self.value()
        if isinstance(value, ir.Const | ir.Hyper):
            return value
        if by < -1 and is_schedule(self.context, own.full) and not reads_itself(self.context, own.full):
            return self._further(value, by)
        outside = self._outside(by)
        ends = self.lengths if by > 0 else None
        return self.make(ir.Shifted, value, self.axis, by, outside, ends, origin=self.symbol)

    def _further(self, value: ir.Node, by: int) -> ir.Node:
        """A schedule several steps earlier: each step before the first is what the definition says there."""
        definition = self.context.model.definitions[self.name.full]
        for back in range(1, 1 - by):
            outside = at_number(self.context, definition, self.time.start - back, self.scope, self.evaluate)
            value = self.make(ir.Shifted, value, self.axis, -1, outside, None, origin=self.symbol)
        return value

    def _outside(self, by: int) -> ir.Node:
        if by >= 0:
            return self.context.const(0.0)
        before = initial(self.context, self.name, self.symbol, self.scope, self.evaluate)
        return self.make(ir.Start, self.name.id, before) if self.time.open else before

    def at(self, place: Step | End) -> ir.Node:
        """The value at one step."""
        if isinstance(place, Step) and place.number < self.time.start:
            return initial(self.context, self.name, self.symbol, self.scope, self.evaluate)
        step = place.number - self.time.start + 1 if isinstance(place, Step) else self.time.final - place.back
        if isinstance(place, End) and step > 0:
            raise self._unknown()
        value = self.value()
        if self.axis in value.axes:
            enter_size(self.context, self.axis, self.symbol)
        own = self.lengths if step <= 0 else None
        return self.make(ir.AtStep, value, self.axis, step, own) if self.axis in value.axes else value

    def between(self, place: Between) -> ir.Node:
        """All steps, or those up to the present one or from it on."""
        if self.time.is_whole(place):
            return self.make(ir.Sequence, self.value(), self.axis, self.lengths, origin=self.symbol)
        if self._from_start(place.lower) and isinstance(place.upper, Offset):
            return self.make(ir.Prefix, self._moved(place.upper.by), self.axis, origin=self.symbol)
        if self._to_end(place.upper) and isinstance(place.lower, Offset):
            return self.make(ir.Prefix, self._moved(place.lower.by), self.axis, True, self.lengths, origin=self.symbol)
        raise self._unknown()

    def _moved(self, by: int) -> ir.Node:
        return self.shifted(by) if by else self.value()

    def _from_start(self, lower: Place | None) -> bool:
        return lower is None or lower == Step(self.time.start)

    def _to_end(self, upper: Place | None) -> bool:
        return upper is None or upper == End(self.time.final)

    def _unknown(self) -> Exception:
        return self.context.refuse(
            "F2D-0405",
            f"the steps of {self.symbol} are not understood",
            self.symbol.span,
            "read one step, x_{t-1}, all of them, x_{1:T}, or those up to the present one or from it on: x_{\\le t}, "
            "x_{t:T}",
        )
