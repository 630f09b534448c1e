r"""A chain that is drawn backwards: x_T from ``p(x_T)``, then x_{t-1} from ``p_\theta(x_{t-1}|x_t)``, down to x_0."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.reversal import Reversal
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.signature import POSTERIOR_LETTERS
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.finding import Density, Use
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.sequences.places import End, Offset, Place, Step, place_of
from formula2dgm.resolve.sequences.timeline import Timeline, step_key
from formula2dgm.resolve.values.expressions import Evaluator
from formula2dgm.syntax import tree

SAMPLES = Axis("batch", "samples")
X, T = "x of a step back", "t of a step back"
#: What runs along the steps as a whole, and is read at one of them.
_SCANS = (ir.Running, ir.LinearRecurrence, ir.Shifted, ir.Param)


def reversal(context: Context) -> Reversal | None:
    """The chain of a model whose formula uses a density of the step before; None where nothing says where it starts,
    how long it is, or what size its values have."""
    time = context.time
    step = next((each for each in _used(context) if _is_back(context, each)), None)
    if time is None or step is None or not isinstance(time.axis.size, int | str):
        return None
    made = context.attempted(_Chain(context, time, step).made)
    if made is not None:
        context.assume(f"sample goes from {_letter(step)}_{time.axis.size} to {made.variable}, by {made.said[1]}")
    return made


def _used(context: Context) -> list[Density]:
    return [
        each
        for each in context.densities.all
        if each.label in context.densities.used and each.signature.head.split("_")[0] not in POSTERIOR_LETTERS
    ]


def _places(context: Context, density: Density) -> list[Place | None]:
    """The steps that a density is over, then those that it is given."""
    time, found = context.time, list[Place | None]()
    for slot in density.signature.slots:
        index = slot.sub[0] if isinstance(slot, tree.Symbol) and len(slot.sub) == 1 else None
        place = place_of(index, time.indices | context.model.indices.positions, time.ends) if time and index else None
        found.append(place if isinstance(place, Offset | Step | End) else None)
    return found


def _letter(density: Density) -> str | None:
    letters = {letter_of(slot) if isinstance(slot, tree.Symbol) else None for slot in density.signature.slots}
    return letters.pop() if len(letters) == 1 else None


def _is_back(context: Context, density: Density) -> bool:
    """Is this a density of the step before, ``p(x_{t-1}|x_t)``?"""
    places = _places(context, density)
    if density.signature.arity != (1, 1) or _letter(density) is None:
        return False
    over, given = places
    return isinstance(given, Offset) and over == Offset(given.index, given.by - 1)


class _Chain:
    """The laws of a chain, each at an x and a t that stand for any."""

    def __init__(self, context: Context, time: Timeline, step: Density):
        self.context, self.time, self.density = context, time, step
        self.make, self.evaluate = context.arena.make, Evaluator(context)
        self.x, self.t = self.make(ir.Data, X, (SAMPLES,)), self.make(ir.Data, T, (SAMPLES,), True)

    def made(self) -> Reversal | None:
        context = self.context
        same = [each for each in _used(context) if _letter(each) == _letter(self.density)]
        ends = [each for each in same if each.signature.arity == (1, 0) and _places(context, each) == [End(0)]]
        start = Step(self.time.start - 1)
        data = next((each for each in context.inputs.values() if self._place_of_data(each.name) == start), None)
        if (
            len(ends) != 1
            or data is None
            or data.shape is None
            or data.support not in ("real", "binary", "unit", "unknown")
        ):
            return None
        own = [each for each in same if _places(context, each) == [start, Step(self.time.start)]]
        own = [each for each in own if not self._follows(each)]
        context.inputs[X] = replace(data, name=X, axes=(SAMPLES,))
        first, step, last = (self._law(each) for each in (ends[0], self.density, own[0] if own else None))
        assert first is not None and step is not None
        laws = [each for each in (first, step, last) if each is not None]
        if not all(self._is_drawn(each) for each in laws):
            return None
        said = _written(ends[0]), _written(self.density)
        return Reversal(data.name, self.x, self.t, first, step, last, self.time.axis, data.shape, said)

    def _place_of_data(self, name: str) -> Place | None:
        """The step of data of the chain's letter: 0 of ``x_0``."""
        letter, _, number = name.rpartition("_")
        return Step(int(number)) if letter == _letter(self.density) and number.isdigit() else None

    def _follows(self, density: Density) -> bool:
        """Is this the step back, at one of its number?"""
        declared, general = density.declared, self.density.declared
        return declared is not None and general is not None and declared.span is general.span

    def _law(self, density: Density | None) -> ir.Law | None:
        if density is None:
            return None
        own, count = density.signature, len(density.signature.variables)
        indices = dict.fromkeys(self.time.indices, self.time.axis)
        bound = {key: self.x for name in own.given if name is not None for key in (step_key(name), name.id)}
        scope = replace(Scope(SAMPLES).bind(bound), indices=indices)
        law = law_of(self.context, Use(density, own.slots[:count], own.slots[count:]), scope, self.evaluate)
        found = self._at_t(law)
        assert isinstance(found, ir.Law)
        return found

    def _at_t(self, law: ir.Node) -> ir.Node:
        """The law at t, where it is written for all steps."""
        axis, memo = self.time.axis, dict[ir.Node, ir.Node]()
        for node in walk(law):
            if isinstance(node, _SCANS) and axis in node.axes and not _reads(node, self.x):
                memo[node] = self.make(ir.Picked, node, axis, self.t)
        put: dict[ir.Node, ir.Node] = {self.make(ir.Index, axis, self.time.start): self.t}
        return rewrite(self.context.arena, law, lambda each: put.get(each, each), memo)

    def _is_drawn(self, law: ir.Law) -> bool:
        """Is the law a Normal, made of x_t and t alone?"""
        read = all(each in (self.x, self.t) for each in walk(law) if isinstance(each, ir.Data))
        drawn = any(isinstance(each, ir.Draw | ir.Enumerated) for each in walk(law))
        return read and not drawn and self.time.axis not in law.axes and law.family == "Normal"


def _written(density: Density) -> str:
    """The density with its steps."""
    own, count = density.signature, len(density.signature.variables)
    parts = (", ".join(map(str, each)) for each in (own.slots[:count], own.slots[count:]) if each)
    return f"{'_'.join([own.head, *own.group])}({'|'.join(parts)})"


def _reads(node: ir.Node, other: ir.Node) -> bool:
    return any(each is other for each in walk(node))
