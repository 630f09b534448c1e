"""Recurrences: what needs its own last step is found here; everything else is computed once, for all steps.

A draw or a state that is read through :class:`~formula2dgm.ir.time.Previous` is carried.  It is recurrent where it is
computed from such a step of its own: then it lies on a cycle of the graph in which a step before hangs on what it is
a step of.  Each strongly connected component is one loop; a component of steps to come runs backwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from formula2dgm.codegen.stopped_loops import with_gradient
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk

Carried = ir.Draw | ir.State

#: What needs other steps than the present one and those carried to it.
_OF_OTHER_STEPS = (
    ir.AtStep | ir.Picked | ir.Running | ir.LinearRecurrence | ir.Sequence | ir.Window | ir.Shifted | ir.Steps
)


@dataclass(frozen=True, eq=False)
class Loop:
    """What one loop over time computes.

    carried   the draws and states that are carried from step to step, in the formula's order
    members   what is computed step by step: all that a carried value needs and that needs a previous step
    kept      the members that something outside the loop reads, in order
    previous  the steps before (running backwards: after) that the members read
    read      those of them that something outside the loop reads too
    last      what is read of the last step, of carried values of which nothing else is read
    stopped   does no gradient pass through what the loop leaves?
    """

    time: Axis
    carried: tuple[Carried, ...]
    members: frozenset[ir.Node]
    kept: tuple[ir.Node, ...]
    previous: tuple[ir.Previous, ...]
    read: tuple[ir.Previous, ...]
    last: tuple[ir.AtStep, ...] = ()
    stopped: bool = False

    @property
    def backward(self) -> bool:
        """Does the loop run from the last step to the first?"""
        return any(each.lag < 0 for each in self.previous)

    def misfit(self) -> ir.Node | None:
        """A member that no order of the steps can compute."""
        if len({each.lag > 0 for each in self.previous}) > 1:
            return self.carried[0]
        return next((node for node in self.members if self._crosses(node)), None)

    def _crosses(self, node: ir.Node) -> bool:
        """Does a member read steps that its loop has not reached?"""
        match node:
            case ir.Prefix():
                return node.backward != self.backward
            case ir.Reduce() | ir.Stack():
                return node.axis == self.time
        return isinstance(node, _OF_OTHER_STEPS)


class Recurrences:
    """The loops of the given nodes, and what each step before is a step of."""

    def __init__(self, roots: Iterable[ir.Node]):
        self.roots = list(roots)
        self.ordered = list(walk(*self.roots))
        self.carried = _carried(self.ordered)
        self.differentiated = with_gradient(self.roots, self.carried)
        self.loops: dict[ir.Node, Loop] = {}
        self._readers: dict[ir.Node, list[ir.Node]] = {}
        if self.carried:
            self._find()

    def needs(self, node: ir.Node) -> tuple[ir.Node, ...]:
        """What must be computed before a node."""
        match node:
            case ir.Carrying(body):
                return (body,)
            case ir.Previous(initial=initial) if node not in self.loops and node in self.carried:
                return (self.carried[node], initial)
        return tuple(node.children)

    def _find(self) -> None:
        import networkx

        graph = networkx.DiGraph()
        for node in self.ordered:
            below = [node.body] if isinstance(node, ir.Carrying) else node.children
            graph.add_edges_from((child, node) for child in below)
        for node in self.ordered:
            for child in dict.fromkeys(_read_by(node)):
                self._readers.setdefault(child, []).append(node)
        self._heads = [node for node in self.ordered if isinstance(node, ir.Head)]
        graph.add_edges_from((carried, previous) for previous, carried in self.carried.items())
        self._order = order = {node: place for place, node in enumerate(self.ordered)}
        components = [each for each in networkx.strongly_connected_components(graph) if len(each) > 1]
        for component in sorted(components, key=lambda each: min(order[node] for node in each)):
            loop = self._loop(sorted(component, key=order.__getitem__))
            self.loops |= dict.fromkeys((*loop.members, *loop.previous), loop)

    def _loop(self, component: list[ir.Node]) -> Loop:
        """The loop that computes a component, with the other results of the networks that it calls."""
        inside = set(component)
        inside |= {node for node in self._heads if node.call in inside}
        previous = tuple(node for node in component if isinstance(node, ir.Previous))
        here = dict.fromkeys(self.carried[each] for each in previous)
        beside = {carried for each, carried in self.carried.items() if each not in inside} | set(self.roots)
        read = {node for node in inside if node in beside or not inside.issuperset(self._readers.get(node, ()))}
        members = [node for node in sorted(inside, key=self._order.__getitem__) if node not in previous]
        read |= {node.body for node in members if isinstance(node, ir.Prefix) and node in read}  # all steps at once
        kept = [node for node in members if node in read and not isinstance(node, ir.Law | ir.NetCall | ir.Prefix)]
        laws = [node for node in members if isinstance(node, ir.Law) and node in read]
        parameters = {param for law in laws for _, param in law.params}
        kept += [node for node in members if node in parameters]
        later = tuple(each for each in previous if each in read or each in parameters)
        shifted = [self.carried[each] for each in later]
        found = {*kept, *shifted}
        carried = tuple(node for node in here if node in inside)
        last = self._last([node for node in carried if node in found.difference(shifted)], previous, inside)
        ends = {each.body for each in last}
        order = dict.fromkeys(node for node in (*carried, *members) if node in found - ends)
        stopped = self.differentiated.isdisjoint(inside)
        return Loop(previous[0].time, carried, frozenset(members), tuple(order), previous, later, last, stopped)

    def _last(
        self, kept: list[Carried], previous: tuple[ir.Previous, ...], inside: set[ir.Node]
    ) -> tuple[ir.AtStep, ...]:
        """What reads the last step of values that a loop carries to it, and of which nothing else is read."""
        found: list[ir.AtStep] = []
        for node in kept if all(each.lag > 0 for each in previous) else ():
            readers = [each for each in self._readers.get(node, ()) if each not in inside]
            ends = [each for each in readers if isinstance(each, ir.AtStep) and _is_last(each)]
            found += ends if len(ends) == len(readers) and node not in self.roots else []
        return tuple(found)


def _is_last(node: ir.AtStep) -> bool:
    """Is the step that is read the last one of every sequence?"""
    return node.step in (0, node.time.size) and node.lengths is None


def with_carried(program: Program, nodes: Iterable[ir.Node]) -> list[ir.Node]:
    """The nodes, and the draws and states whose steps they read and that stand nowhere in them."""
    found = list(nodes)
    new = program.rollout.values if program.rollout is not None else ()
    everything = [*program.roots, *(node for _, node in (*program.generative, *new))]
    while True:
        known = list(walk(*found))
        sites = {node.site for node in known if isinstance(node, ir.Draw | ir.State)}
        missing = [each for each in known if isinstance(each, ir.Previous) and each.site not in sites]
        if not missing:
            return found
        found.append(_source(missing[0], everything))


def _source(previous: ir.Previous, roots: list[ir.Node]) -> ir.Node:
    """What a step before is a step of, wherever in the program it stands."""
    sources = [each for each in walk(*roots) if isinstance(each, ir.Draw | ir.State) and each.site == previous.site]
    own = [each for each in sources if set(each.axes) == set(previous.axes)]
    return (own or sources)[0]


def _read_by(node: ir.Node) -> Iterable[ir.Node]:
    return (node.body,) if isinstance(node, ir.Carrying) else node.children


def _carried(ordered: list[ir.Node]) -> dict[ir.Previous, Carried]:
    """What each step before is a step of: the draw or state of its site, the one with its axes where there are more."""
    by_site: dict[str, list[Carried]] = {}
    for node in ordered:
        if isinstance(node, ir.Draw | ir.State):
            by_site.setdefault(node.site, []).append(node)
    found: dict[ir.Previous, Carried] = {}
    for node in ordered:
        if isinstance(node, ir.Previous) and node.site in by_site:
            own = [each for each in by_site[node.site] if set(each.axes) == set(node.axes)]
            found[node] = (own or by_site[node.site])[0]
    return found
