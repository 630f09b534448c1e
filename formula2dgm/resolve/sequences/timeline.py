r"""Time: which indices run over the steps of a sequence, what runs along it, and what one step carries to the next.

An index runs over steps where something is read at the step before or after it (``z_{t-1}``), where it is called t or
s, and where it runs to T.  All sums over time that stand in no other one share one axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import Name, mentions, plain, read_name
from formula2dgm.reading.positions import last_number
from formula2dgm.reading.time_names import TIME_BOUNDS, TIME_LETTERS
from formula2dgm.resolve.draws.picked import ends_of_draws, read_at_drawn, refuse_drawn_heads
from formula2dgm.resolve.sequences.entry_steps import count_entries, entry_indices
from formula2dgm.resolve.sequences.open_ends import open_end
from formula2dgm.resolve.sequences.places import Between, End, Offset, Place, Step, place_of, places_of
from formula2dgm.resolve.sequences.step_counts import refuse_other_counts
from formula2dgm.resolve.values.counted_levels import counted_levels
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.context import Context, Scope

#: Letters of indices, and of their bounds, that are those of steps wherever nothing else says what they are.


@dataclass(slots=True)
class Timeline:
    """The steps of the formula's sequences.

    indices  the names of the indices that run over them
    ends     the names of the last step
    timed    the variables that have a value at each step, by id
    axis     the axis that all outermost indices run along
    start    the number of the first step
    final    how many steps before T the last one is: 1 where t runs from 0 to T - 1
    sites    the site of what each recurrent variable carries from step to step, in the objective that is resolved
    own      the axes that a carried value turned out to have
    carried  what is carried, by site
    drawn    the sites of what carries the draws of a variable at each step, by variable
    open     whether what stands before the first step may be given: in a rollout
    reads    where a carried variable is read at another step, by variable
    entries  whether the steps are the entries of a vector
    """

    indices: frozenset[str]
    ends: frozenset[str]
    timed: frozenset[str]
    axis: Axis
    start: int = 1
    final: int = 0
    sites: dict[str, str] = field(default_factory=dict)
    own: dict[str, tuple[Axis, ...]] = field(default_factory=dict)
    carried: dict[str, ir.Node] = field(default_factory=dict)
    drawn: dict[str, dict[str, None]] = field(default_factory=dict)
    open: bool = False
    reads: dict[str, tree.Symbol] = field(default_factory=dict)
    entries: bool = False

    def place(self, node: tree.Node) -> Place | Between | None:
        """The place that a subscript is."""
        return place_of(node, self.indices, self.ends)

    def places(self, name: Name) -> Iterator[tuple[tree.Node, Place | Between]]:
        """The subscripts of a name that are places in the sequence."""
        return places_of(name, self.indices, self.ends)

    def is_whole(self, place: Place | Between) -> bool:
        """``1:T``, ``\\le T``: every step."""
        if not isinstance(place, Between):
            return False
        return place.lower in (None, Step(self.start)) and place.upper in (None, End(self.final))


def axis_of(context: Context, index: str, scope: Scope) -> Axis | None:
    """The axis that an index of steps runs along at a place; None where it is no such index."""
    if context.time is None or index not in context.time.indices:
        return None
    return scope.indices.get(index) or context.time.axis


def step_key(name: Name) -> str:
    """What a scope calls a value that stands for a name at one step: ``z`` at ``t - 1``."""
    return f"{name.id}[{', '.join(map(str, name.index))}]"


def is_at_another_step(context: Context, name: Name) -> bool:
    """Is what is drawn the value of a neighbouring step, ``z_{t+1}``? Then z at the present step is another draw."""
    places = context.time.places(name) if context.time is not None else ()
    return any(isinstance(place, Offset) and place.by for _, place in places)


def find_time(context: Context) -> Timeline | None:
    """The steps that the formula speaks of; None where it speaks of none."""
    model = context.model
    roots = [*model.expressions(), *(each.body for each in (*model.densities, *model.sequences))]
    roots += [each.density for each in model.drawn.values()]
    roots += [slot for each in (*model.densities, *model.sequences) for slot in each.signature.slots]
    symbols = [each for root in roots for each in root.all(tree.Symbol)]
    names = [read_name(each, model.indices) for each in symbols]
    indices = _indices(context, names, _summed(roots))
    own = [upper for each in sorted(indices) if (upper := _own_bound(context, each, indices)) is not None]
    ends = frozenset(text for upper in own for text in _names_of_end(upper))
    ends |= {bound for name in names for each in name.index if (bound := _upper(each)) in TIME_BOUNDS}
    refuse_drawn_heads(context, roots)
    drawn = read_at_drawn(context, names)
    process = _has_process(context)
    ends |= ends_of_draws(context, roots, process) if drawn or process else frozenset()
    if not indices and not ends and not drawn and not process:
        return None
    if not indices:  # joints over 1:T alone, or steps that are drawn: there is an index all the same
        used = {plain(each) for each in symbols} | model.indices.positions
        indices = frozenset((next(each for each in ("t", "s", "step") if each not in used),))
        model.indices = model.indices.widened(indices)
    timed = drawn | {name.id for name in names if any(map(partial(_is_at_a_distance, indices), name.index))}
    timed |= {name.id for name in names if any(True for _ in places_of(name, indices, ends))}
    timed |= frozenset(
        key for key, each in model.definitions.items() if any(True for _ in places_of(each.name, indices, ends))
    )
    bounds = [place_of(each, indices, ends) for each in _bounds(symbols, roots, indices)]
    start = max(min((each.number for each in bounds if isinstance(each, Step)), default=1), 0)
    start = min(start, 1)
    refuse_other_counts(context, roots, indices, _drawn_to(roots))
    final = min((each.back for each in bounds if isinstance(each, End)), default=0) if start == 0 else 0
    letter = next((each for each in ("t", *sorted(indices)) if each in indices), "t")
    time = {each for each in indices if each in TIME_LETTERS or str(context.model.bounds.get(each)) in TIME_BOUNDS}
    entries = entry_indices(context, symbols, frozenset(time))
    size = count_entries(context, entries, own) if entries else None
    axis = Axis("time", letter, size if size is not None else _size(context, timed, indices, start, roots))
    return Timeline(indices, ends, timed, axis, start, max(final, 0), entries=bool(entries))


def _names_of_end(upper: tree.Node) -> Iterator[str]:
    """What stands for the last step: the names in ``T`` and ``T - 1``; ``n^2`` as a whole."""
    if isinstance(upper, tree.Symbol | tree.Add | tree.Neg):
        yield from (text for each in upper.walk() if (text := plain(each)) is not None)
    else:
        yield str(upper)


def _has_process(context: Context) -> bool:
    """Is a density declared at a step that is drawn given the step before, ``q(x_t|x_{t-1})``?"""
    slots = (slot for each in context.model.densities for slot in each.signature.slots)
    items = (item for slot in slots if isinstance(slot, tree.Symbol) for item in slot.sub)
    return any(isinstance(each, tree.Add) and context.model.indices.reads_position(each) for each in items)


def _is_at_a_distance(indices: frozenset[str], item: tree.Node) -> bool:
    """``t + k``: another step than t, how far away an index of its own says."""
    return isinstance(item, tree.Add) and mentions(item, indices)


def _upper(each: tree.Node) -> str:
    """The last step of a range: ``T`` of ``1:T``."""
    if isinstance(each, tree.Range):
        return str(each.upper)
    return str(each.bound) if isinstance(each, tree.OpenRange) else ""


def _summed(roots: list[tree.Node]) -> frozenset[str]:
    """The names that sums and products bind."""
    nodes = (each for root in roots for each in root.all(tree.Big))
    return frozenset(name for each in nodes for name, _ in binder_names(each))


def _indices(context: Context, names: list[Name], summed: frozenset[str]) -> frozenset[str]:
    model = context.model
    named = model.variables | set(model.definitions)
    found = {each for each in model.indices if each in TIME_LETTERS or str(model.bounds.get(each)) in TIME_BOUNDS}
    found |= {index for index, bound in model.bounds.items() if mentions(bound, model.indices.positions)}
    for name in names:
        for each in name.index:
            place = place_of(each, model.indices, frozenset())
            if isinstance(place, Offset) and place.by == -1 and name.id in named:
                found.add(place.index)
            elif isinstance(place, Between) and place.index in summed and name.id in named:
                found.add(place.index)
    found |= set(counted_levels(model, names))
    return frozenset(found)


def _bounds(symbols: list[tree.Symbol], roots: list[tree.Node], indices: frozenset[str]) -> Iterator[tree.Node]:
    """The bounds of all sums over time, and of all ranges."""
    for each in (node for root in roots for node in root.walk()):
        if isinstance(each, tree.Big) and any(name in indices for name, _ in binder_names(each)):
            yield from (item.value for item in each.binders if isinstance(item, tree.Binds))
            yield from () if each.upper is None else (each.upper,)
    for item in (item for each in symbols for item in (*each.sub, *each.sup) if isinstance(item, tree.Range)):
        yield from (item.lower, item.upper)


def _own_bound(context: Context, index: str, indices: frozenset[str]) -> tree.Node | None:
    """What an index runs to, where that is no other index and no step that is drawn."""
    bound = context.model.bounds.get(index)
    return None if bound is None or mentions(bound, indices | context.model.indices.positions) else bound


def _size(
    context: Context, timed: frozenset[str], indices: frozenset[str], start: int, roots: list[tree.Node]
) -> int | str | None:
    """How many steps there are: a number, what data that run along them say, or the bound of the sums; with no such
    bound, that of the steps that are drawn."""
    model = context.model
    uppers = [bound for index in sorted(indices) if (bound := _own_bound(context, index, indices)) is not None]
    made = set(model.definitions) | context.latent | context.densities.tensors
    known = any(name not in made for name in timed & model.variables)
    if not uppers and not known:
        uppers = _drawn_to(roots) or _read_at(context, indices, roots) or open_end(context, indices, roots)
    numbers = [int(each.text) for each in uppers if isinstance(each, tree.Number) and each.text.isdigit()]
    if numbers:
        return max(numbers) - start + 1
    return None if known or not uppers else str(_last_step(uppers[0]))


def _last_step(upper: tree.Node) -> tree.Node:
    """The name of the last step in the bound of a sum: T of ``T - 1``, for the sum is a window of the steps then."""
    match upper:
        case tree.Add((tree.Symbol() as name, tree.Neg(tree.Number()))):
            return name
    return upper


def _drawn_to(roots: list[tree.Node]) -> list[tree.Node]:
    """The greatest of the steps that are drawn, or the one name in it: T of ``U\\{1, T - 1\\}``."""
    calls = (each for root in roots for each in root.all(tree.Call))
    bounds = [bound for each in calls if (bound := last_number(each)) is not None]
    names = [{each for each in bound.walk() if plain(each) is not None} for bound in bounds]
    named = [own.pop() for own in names if len(own) == 1]
    return named or [each for each in bounds if isinstance(each, tree.Number)]


def _read_at(context: Context, indices: frozenset[str], roots: list[tree.Node]) -> list[tree.Node]:
    """The numbers of the steps at which a recurrence is read, ``x_{20}``: the last of them is the last step."""
    found: list[tree.Node] = []
    for symbol in (each for root in roots for each in root.all(tree.Symbol)):
        name = read_name(symbol, context.model.indices)
        definition = context.model.definitions.get(name.full)
        if definition is not None and set(definition.index) & indices:
            found += [each for each in name.index if isinstance(each, tree.Number) and each.text != "0"]
    return found


def read_at_other_steps(context: Context) -> frozenset[str]:
    """The names that are read at another step than the present one."""
    time = context.time
    if time is None:
        return frozenset()
    roots = [*context.model.expressions(), *(each.body for each in context.model.densities)]
    roots += [each.body for each in context.model.sequences]
    names = (read_name(each, context.model.indices) for root in roots for each in root.all(tree.Symbol))
    return frozenset(
        name.full for name in names for _, place in time.places(name) if isinstance(place, Offset) and place.by
    )
