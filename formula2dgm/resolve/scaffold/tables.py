r"""Default parameters with a row for each value of a finite state: ``A_{z_{t-1}}``, ``\mu_{z_t}``, ``\pi_{z_1}``.

Rows start at standard normal draws, as equal rows would stay equal; a row of probabilities is a softmax, or a sigmoid.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Parameter
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import Name, read_name
from formula2dgm.records import dataclass
from formula2dgm.registry.family import Family
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.scaffold.rows import POSITIVE
from formula2dgm.resolve.scaffold.sizes import data_beside, event_shape
from formula2dgm.resolve.statements.meeting import Part
from formula2dgm.resolve.values.tables import classes_of, rows_at, state_of, unknown_values
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class _Role:
    """Where a table stands: in which argument of which family, over what variable; in none as a factor."""

    family: Family | None = None
    argument: str = ""
    variable: Name | None = None


def default_table(context: Context, symbol: tree.Symbol, scope: Scope, evaluate: Evaluate) -> ir.Node | None:
    """The value of an unbound symbol that is read at states; None for any other symbol."""
    name = read_name(symbol, context.model.indices, head=True)
    if not context.options.scaffold or not name.index:
        return None
    states = [state_of(context, each, scope, evaluate) for each in name.index]
    known = [each for each in states if each is not None]
    if len(known) < len(states) or (len(known) > 1 and not all(isinstance(each, ir.Enumerated) for each in known)):
        return None
    rows = [_rows(context, each, state) for each, state in zip(name.index, known, strict=True)]
    table = _Table(context, symbol, name.full, known, rows)
    role = _role(context, symbol)
    return table.weights(known[-1]) if role.family is None else table.argument(role)


def default_rows(context: Context, symbol: tree.Symbol, name: str, index: tree.Symbol, state: ir.Node) -> ir.Node:
    """The value of an unbound symbol with the class that it is read at below it: ``\\mu_c``, ``\\pi_c``, a centre."""
    table = _Table(context, symbol, name, [state], [_rows(context, index, state)])
    role = _role(context, symbol)
    if role.family is not None:
        return table.argument(role)
    if symbol.letter == "pi":
        return table.weights(state)
    own = read_name(symbol, context.model.indices)
    if own.id not in context.model.variables:
        raise context.refuse(
            "F2D-0203",
            f"{symbol} is read at each value of {index}, and nothing says what it is",
            symbol.span,
            f"bind it: one number, {{{name!r}: 1.0}}, or a tensor with a number for each class",
        )
    shape = event_shape(context, own)
    like = data_beside(context, Part("variable", own.id)) if shape is None else None
    context.assume(f"{symbol} are learned: they start at standard normal draws", symbol.span)
    return table.made(name, shape, like)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table: its name, the states that it is read at, and how many values each has."""

    context: Context
    symbol: tree.Symbol
    name: str
    states: list[ir.Node]
    rows: list[int]

    def argument(self, role: _Role) -> ir.Node:
        """The argument of a family."""
        context, symbol = self.context, self.symbol
        assert role.family is not None
        if role.family.classes:
            return self.probabilities(_classes(context, symbol, role))
        shape = event_shape(context, role.variable) if role.variable is not None else ()
        like = data_beside(context, Part("variable", role.variable.id)) if role.variable and shape is None else None
        if role.argument == "probs":
            context.assume(f"{symbol} are learned probabilities", symbol.span)
            return context.arena.make(ir.Apply, "sigmoid", (self.made(f"{self.name}_logits", shape, like),))
        if role.argument in POSITIVE:
            context.assume(f"{symbol} are learned, positive", symbol.span)
            return context.arena.make(ir.Apply, "exp", (self.made(f"log_{self.name}", shape, like),))
        context.assume(f"{symbol} are learned: they start at standard normal draws", symbol.span)
        return self.made(self.name, shape, like)

    def made(self, name: str, shape: tuple[int, ...] | None, like: str | None = None) -> ir.Node:
        """A learned tensor of a row for each of the states' values; the shape of a row, or the data that say it."""
        return self._parameter(name, self.states, self.rows, shape, like)

    def probabilities(self, classes: int) -> ir.Node:
        """Rows of probabilities."""
        context = self.context
        context.assume(f"{self.symbol} are learned probabilities, summing to 1", self.symbol.span)
        logits = self.made(f"{self.name}_logits", (classes,))
        return context.arena.make(ir.EventFunction, "softmax", (logits,), "value")

    def weights(self, last: ir.Node) -> ir.Node:
        """One number for each choice of states, which sum to 1 over the last of them."""
        context, make = self.context, self.context.arena.make
        context.assume(f"{self.symbol} are learned probabilities, summing to 1", self.symbol.span)
        logits = self._parameter(f"{self.name}_logits", self.states[:-1], self.rows[:-1], (self.rows[-1],), None)
        return make(ir.Entry, make(ir.EventFunction, "softmax", (logits,), "value"), last)

    def _parameter(
        self, name: str, states: list[ir.Node], rows: list[int], shape: tuple[int, ...] | None, like: str | None
    ) -> ir.Node:
        owned = attribute(name, "tensor")
        known = (*rows, *shape) if shape is not None else None
        count = rows[0] if rows else None
        default = Parameter(owned, str(self.symbol), True, known, None, normal=True, rows=count, like=like)
        self.context.parameters.setdefault(owned, default)
        table = rows_at(self.context, owned, True, False, states, shape == () and bool(states))
        assert table is not None, "of several states all take all their values"
        return table


def _rows(context: Context, index: tree.Node, state: ir.Node) -> int:
    """How many values a state has."""
    assert isinstance(index, tree.Symbol)
    name = read_name(index, context.model.indices).id
    space = context.model.spaces.get(name)
    found = classes_of(context, state) or (space.classes if space is not None else None)
    if found is None:
        raise unknown_values(context, name)
    return found


def _classes(context: Context, symbol: tree.Symbol, role: _Role) -> int:
    variable = role.variable
    space = context.model.spaces.get(variable.id) if variable is not None else None
    if space is None or space.classes is None:
        raise unknown_values(context, variable.id if variable is not None else str(symbol), symbol)
    return space.classes


# -- where a table stands ------------------------------------------------------------------------------


def _role(context: Context, symbol: tree.Symbol) -> _Role:
    for call, variable in _families(context):
        family = registry.family_by_spelling(spelling(call.head))
        values = call.params or call.given or call.args
        for argument, value in zip(family.arguments if family else (), values, strict=False):
            if any(each == symbol for each in value.walk()):
                return _Role(family, argument, variable)
    return _Role()


def _families(context: Context) -> Iterator[tuple[tree.Call, Name | None]]:
    """The families that are written out, each with the variable that it is over."""
    model = context.model
    for declared in model.densities:
        if isinstance(declared.body, tree.Call):
            yield declared.body, declared.signature.variables[0]
    roots = [*model.expressions(), *(each.body for each in (*model.densities, *model.sequences))]
    for call in (each for root in roots for each in root.all(tree.Call)):
        point = call.args[0] if call.args and (call.params or call.given) else None
        yield call, read_name(point, model.indices) if isinstance(point, tree.Symbol) else None
