r"""Steps that are drawn: which whole numbers they can be.

A step that can lie outside of every sequence is refused here; whether the numbers fit the sequences of a batch is
checked with the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from formula2dgm.bindings import TensorValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Parameter
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.names import Name, mentions, plain, read_name
from formula2dgm.reading.positions import last_number
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.sequences.places import End, Offset, Place, Step
from formula2dgm.resolve.sequences.windows import lengths
from formula2dgm.resolve.statements.hyperparameters import given_number
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Count:
    """``steps`` times the number of steps, plus ``more``."""

    steps: int
    more: int

    def __add__(self, other: Count) -> Count:
        return Count(self.steps + other.steps, self.more + other.more)

    def __neg__(self) -> Count:
        return Count(-self.steps, -self.more)

    def __str__(self) -> str:
        if self.steps == 0:
            return str(self.more)
        return f"T {'+' if self.more > 0 else '-'} {abs(self.more)}" if self.more else "T"


Range = tuple[Count, Count]

# -- reading -------------------------------------------------------------------------------------------


def read_at_drawn(context: Context, names: Iterable[Name]) -> frozenset[str]:
    """The variables that are read at steps that are drawn; what is bound to a tensor is a table and has no steps."""
    indices = context.model.indices
    found = (each for each in names if any(map(indices.reads_position, each.index)))
    return frozenset(each.id for each in found if context.named.find(each) is None)


def ends_of_draws(context: Context, roots: Iterable[tree.Node], numbers: bool) -> frozenset[str]:
    r"""The names of the last step that is drawn, ``T`` of ``U\{1, T\}``; also of those that are given a number?"""
    calls = (each for root in roots for each in root.all(tree.Call))
    bounds = (bound for each in calls if (bound := last_number(each)) is not None)
    symbols = [each for bound in bounds for each in bound.all(tree.Symbol)]
    names = [read_name(each, context.model.indices) for each in symbols if plain(each) is not None]
    others = {str(upper) for upper in context.model.bounds.values()} | context.latent | set(context.model.drawn)
    names = [each for each in names if each.id not in others]  # z of U{1, z N} is drawn, and no number of steps
    return frozenset(each.id for each in names if numbers or given_number(context, each) is None)


def refuse_drawn_heads(context: Context, roots: Iterable[tree.Node]) -> None:
    """``f_k(x)``, where k is drawn: a network, or a density, for each number is no network that is read at one."""
    indices = context.model.indices
    calls = (each for root in roots for each in root.all(tree.Call))
    heads = [each.head for each in calls if isinstance(each.head, tree.Symbol)]
    for head in dict.fromkeys(heads):
        items = [each for each in (*head.sub, *head.sup) if indices.reads_position(each)]
        if items and not mentions(items[0], indices):
            raise context.refuse(
                "F2D-0459",
                f"{head} is another network for each {items[0]}, which is drawn",
                head.span,
                f"give the number to one network, {replace(head, sub=(), sup=())}(..., {items[0]})",
            )


def row_at_drawn(
    context: Context, symbol: tree.Symbol, name: Name, evaluate: Callable[[tree.Node], ir.Node]
) -> ir.Node | None:
    r"""``\bar\alpha_t``, where t is drawn and \bar\alpha is bound to a tensor: its row of that number, from 1."""
    binding = context.named.find(name)
    if len(name.index) != 1 or binding is None or not context.model.indices.reads_position(name.index[0]):
        return None
    value = binding.value
    if not isinstance(value, TensorValue) or not value.shape:
        raise context.refuse(
            "F2D-0459",
            f"{symbol} is read at a number that is drawn, and what is bound to {name.id} has no rows",
            symbol.span,
            f"bind {name.id} to a tensor with a row for each number",
        )
    owned = attribute(name.full, "tensor")
    key = binding.key.text
    made = Parameter(owned, key, value.learned, value.shape, None, (key, ""))
    context.parameters.setdefault(owned, made)
    rows = Axis("index", f"row of {owned}", value.shape[0])
    table = context.arena.make(ir.Param, owned, value.learned, False, (rows,), len(value.shape) == 1)
    position = evaluate(name.index[0])
    _refuse_too_few(context, position, value.shape[0], symbol)
    return picked_at(context, table, rows, position, symbol)


def _refuse_too_few(context: Context, position: ir.Node, rows: int, symbol: tree.Symbol) -> None:
    """Refuse a table with fewer rows than the numbers that are drawn."""
    last = dict(position.law.params).get("high") if isinstance(position, ir.Draw) else None
    made = context.hyperparameters.get(last.name) if isinstance(last, ir.Hyper) else None
    if made is not None and made.default is not None and made.default > rows:
        raise context.refuse(
            "F2D-0322",
            f"numbers up to {made.name} = {made.default} are drawn, and what {symbol} is read from has {rows} rows",
            symbol.span,
            f"bind a tensor with a row for each number, or write {made.name} = {rows}",
        )


def read_at(
    context: Context, table: ir.Node, axis: Axis, place: Place, scope: Scope, evaluate: Evaluate, node: tree.Node
) -> ir.Node:
    """What has a value at every step, read at a place: by its number, at the step that a sum is at, or at one that is
    drawn."""
    time = context.time
    assert time is not None
    match place:
        case Step(number):
            return context.arena.make(ir.AtStep, table, axis, number - time.start + 1)
        case End(back):
            return context.arena.make(ir.AtStep, table, axis, time.final - back)
        case Offset(index, _) if index in scope.indices:
            return table
        case Offset(index, _):
            return picked_at(context, table, axis, evaluate(tree.Symbol(index, span=node.span), scope), node)


# -- positions -----------------------------------------------------------------------------------------


def picked_at(context: Context, value: ir.Node, time: Axis, position: ir.Node, symbol: tree.Node) -> ir.Node:
    """The value at the step of a position."""
    if time in position.axes:
        raise context.refuse(
            "F2D-0459",
            f"the step of {symbol} is drawn anew at every step",
            symbol.span,
            "draw it outside of the sum over the steps",
        )
    draws = position.law if isinstance(position, ir.Draw) else None
    if draws is not None and draws.family not in ("DiscreteUniform", "Categorical"):
        raise context.refuse(
            "F2D-0459",
            f"the step of {symbol} is drawn from {draws.label}, which are no whole numbers from 1 to T",
            symbol.span,
            "draw it from \\mathcal{U}\\{1, T\\}",
        )
    possible = _range(position, time)
    if possible is not None:
        _refuse_outside(context, time, *possible, symbol)
    ends = lengths(context, time) if time.kind == "time" else None
    return context.arena.make(ir.Picked, value, time, position, ends, origin=symbol)


def can_be_first(position: ir.Node, time: Axis) -> bool:
    """Can a position be the first step, as far as it is known?"""
    possible = _range(position, time)
    return possible is not None and possible[0] == Count(0, 1)


def _refuse_outside(context: Context, time: Axis, least: Count, most: Count, symbol: tree.Node) -> None:
    last = Count(0, time.size) if isinstance(time.size, int) else Count(1, 0)
    behind = most.steps == last.steps and most.more > last.more
    before = least.steps == 0 and least.more < 1
    if before or behind:
        raise context.refuse(
            "F2D-0459",
            f"the steps run from 1 to T, and that of {symbol} can be {least if before else most}",
            symbol.span,
            "draw it so that it stays in the sequence: for x_{t+1}, t \\sim \\mathcal{U}\\{1, T - 1\\}",
        )


def _range(node: ir.Node, time: Axis) -> Range | None:
    """The least and the greatest number that a sum of draws can be, where they are known."""
    match node:
        case ir.Const(value) if value == int(value):
            return Count(0, int(value)), Count(0, int(value))
        case ir.Size(axis) if axis == time:
            return Count(1, 0), Count(1, 0)
        case ir.Lengths():
            return Count(1, 0), Count(1, 0)
        case ir.Draw(law) | ir.Enumerated(law) if law.family == "DiscreteUniform":
            low, high = (_range(value, time) for _, value in law.params)
            return (low[0], (high or low)[1]) if low is not None else None
        case ir.Neg(body):
            own = _range(body, time)
            return (-own[1], -own[0]) if own is not None else None
        case ir.Add(args):
            parts = [_range(each, time) for each in args]
            known = [each for each in parts if each is not None]
            if len(known) < len(parts):
                return None
            return _total(each[0] for each in known), _total(each[1] for each in known)
    return None


def _total(counts: Iterable[Count]) -> Count:
    total = Count(0, 0)
    for each in counts:
        total += each
    return total
