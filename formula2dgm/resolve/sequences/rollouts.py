r"""New steps of a model of sequences: z_t from p(z_t|z_{t-1}), x_t from p(x_t|z_t), h_t from what defines it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.joints import Rollout
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import POSTERIOR_LETTERS
from formula2dgm.resolve.chains.filters import filtered
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.densities.finding import Density, Use
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.draws.ancestral import is_sized
from formula2dgm.resolve.sequences.carried import carry_all
from formula2dgm.resolve.sequences.places import Offset, Step
from formula2dgm.resolve.sequences.sequence_draws import joined
from formula2dgm.resolve.sequences.timeline import Timeline
from formula2dgm.resolve.sequences.windows import lengths
from formula2dgm.resolve.values.expressions import Evaluator
from formula2dgm.syntax import tree

SAMPLES = Axis("batch", "samples")


def rollout(context: Context, objectives: Sequence[Objective]) -> Rollout | None:
    """The new steps of an objective's model; None where it is no model of sequences, or draws need data."""
    time = context.time
    if time is None:
        return None
    found = _densities(context, time)
    if not found:
        return None
    return context.attempted(lambda: _Rollout(context, time, found).made(objectives))


def _densities(context: Context, time: Timeline) -> dict[str, tuple[Name, list[Density]]]:
    """The model's densities by variable: of each step, and of the first alone."""
    found: dict[str, tuple[Name, list[Density]]] = {}
    for each in context.densities.all:
        own = each.signature
        if each.label not in context.densities.used or own.head.split("_")[0] in POSTERIOR_LETTERS:
            continue
        if len(own.variables) != 1 or own.variables[0] is None:
            return {}
        found.setdefault(own.variables[0].id, (own.variables[0], []))[1].append(each)
    return found if found.keys() & time.timed else {}


class _Rollout:
    """The draws of new steps."""

    def __init__(self, context: Context, time: Timeline, found: dict[str, tuple[Name, list[Density]]]):
        self.context, self.time, self.found = context, time, found
        self.axis = replace(time.axis, size=time.axis.size if time.entries and time.axis.size else "T")
        self.known = set(context.inputs)
        self.evaluate = Evaluator(context)
        self.values: dict[str, ir.Node] = {}

    def made(self, objectives: Sequence[Objective]) -> Rollout | None:
        """The rollout, or None where a law needs what nothing says."""
        context = self.context
        context.time = replace(self.time, axis=self.axis, sites={}, own={}, carried={}, open=True)
        context.time.sites = {name: f"{name} generated" for name in self.found if name in self.time.timed}
        context.draws.sites |= dict.fromkeys(context.time.sites.values())
        context.latent = context.latent | self.found.keys()
        for name in self._in_order():
            self._draw(name)
        states = carry_all(context, self._scope(), self.evaluate, list(self.values.values()))
        carried = {key: context.time.carried[site] for key, site in context.time.sites.items() if site in states}
        values = {**self.values, **{key: node for key, node in carried.items() if isinstance(node, ir.State)}}
        drawn = [each for value in values.values() for each in walk(value) if isinstance(each, ir.Draw)]
        if not all(is_sized(each.law) for each in drawn):
            return None
        read = [each for value in values.values() for each in walk(value) if isinstance(each, ir.Data)]
        plain = (SAMPLES,)
        if any((self.axis not in each.axes and each.axes != plain) or each.name not in self.known for each in read):
            return None
        last = self._last(
            objectives, {each.name for value in values.values() for each in walk(value) if isinstance(each, ir.Start)}
        )
        inputs, steps = tuple(dict.fromkeys(each.name for each in read)), self.time.axis.size
        if isinstance(steps, str) and steps not in context.hyperparameters:
            steps = None  # nothing that is computed has the name
        return Rollout(self.axis, tuple(values.items()), inputs, last, steps, self.time.entries)

    def _scope(self) -> Scope:
        scope = Scope(SAMPLES).bind(self.values)
        return replace(scope, indices=dict.fromkeys(self.time.indices, self.axis))

    def _in_order(self) -> list[str]:
        """The variables, each after those of the same step that it is given."""
        waiting, done = list(self.found), list[str]()
        while waiting:
            free = (each for each in waiting if not self._given(each) & {*waiting} - {each})
            done.append(next(free, waiting[0]))
            waiting.remove(done[-1])
        return done

    def _given(self, variable: str) -> set[str]:
        """The variables of the same step, or of none, that a variable is given."""
        waiting = [name for each in self.found[variable][1] for name in each.signature.given if name]
        found: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name.id in found or not self._is_present(name):
                continue
            found.add(name.id)
            if (definition := self.context.model.definitions.get(name.id)) is not None:
                symbols = definition.body.all(tree.Symbol)
                waiting += [read_name(each, self.context.model.indices) for each in symbols]
        return found

    def _is_present(self, name: Name) -> bool:
        places = [place for _, place in self.time.places(name)]
        return not places or any(isinstance(each, Offset) and each.by == 0 for each in places)

    def _draw(self, variable: str) -> None:
        name, densities = self.found[variable]
        first = [each for each in densities if self._is_first(each)]
        steps = [each for each in densities if not self._is_first(each)]
        if len(steps) > 1 or len(first) > 1:
            raise Refused(f"{variable} is drawn by several densities")
        laws = [self._law(each) for each in (*first, *steps)]
        call = densities[0].signature.slots[0]
        law = joined(self.context, laws[0], laws[1], call) if len(laws) == 2 else laws[0]
        axes = (SAMPLES, self.axis) if variable in self.time.timed else (SAMPLES,)
        own = tuple(axis for axis in axes if axis not in law.axes)
        node = self.context.arena.make(ir.Draw, law, f"{variable} generated", own)
        self.values[variable] = node
        assert self.context.time is not None
        if variable in self.context.time.sites:
            self.context.time.carried[self.context.time.sites[variable]] = node

    def _is_first(self, density: Density) -> bool:
        name = density.signature.variables[0]
        return name is not None and any(isinstance(place, Step) for _, place in self.time.places(name))

    def _law(self, density: Density) -> ir.Law:
        own = density.signature
        count = len(own.variables)
        use = Use(density, own.slots[:count], own.slots[count:])
        law = law_of(self.context, use, self._scope(), self.evaluate)
        space = self.context.model.spaces.get(own.variables[0].id) if own.variables[0] is not None else None
        counted = registry.family(law.family).support == "category" and ("one_hot", True) not in law.options
        if law.shape is not None or not counted or space is None or space.kind != "category":
            return law
        make = self.context.arena.make
        return make(ir.Law, law.label, law.family, law.params, space.shape, law.scalar, law.options)

    def _last(self, objectives: Sequence[Objective], names: set[str]) -> tuple[tuple[str, ir.Node], ...]:
        """What the given steps carry: the draws and states of the objective at the last step, and the states that are
        summed out as their filters draw them; nothing where the objective lacks one that new steps need, or no data say
        how many steps are given."""
        nodes = [node for each in objectives for term in each.terms for node in walk(term.node)]
        names = names | (self.values.keys() - self.time.timed)
        known: dict[str, ir.Node] = {}
        for each in nodes:
            if isinstance(each, ir.Draw | ir.State):
                known.setdefault(each.site.split("@")[0], each)
            elif isinstance(each, ir.Data) and self.time.axis in each.axes:
                known.setdefault(each.name, each)
        for each in nodes:
            if isinstance(each, ir.ChainSum | ir.LinearChain) and (found := filtered(self.context, each)) is not None:
                known.setdefault(*found)
        if not names <= known.keys() or not self._is_sized([known[name] for name in names], known):
            return ()
        make = self.context.arena.make
        ends = lengths(self.context, self.time.axis)
        last = ((name, known[name]) for name in sorted(names))
        return tuple(
            (name, make(ir.AtStep, node, self.time.axis, 0, ends) if self.time.axis in node.axes else node)
            for name, node in last
        )

    def _is_sized(self, nodes: list[ir.Node], known: dict[str, ir.Node]) -> bool:
        """Do the nodes read data that say how many sequences there are, and of how many steps?"""
        below = dict[ir.Node, None]()
        while nodes:
            found = [each for each in walk(*nodes) if each not in below]
            below |= dict.fromkeys(found)
            sites = {each.site.split("@")[0] for each in found if isinstance(each, ir.Previous)}
            nodes = [known[site] for site in sites & known.keys() if known[site] not in below]
        wanted = {axis for each in below for axis in each.axes if axis.kind in ("batch", "time")}
        return wanted <= {axis for each in below if isinstance(each, ir.Data) for axis in each.axes}
