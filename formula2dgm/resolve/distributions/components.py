"""Draws of a variable: of a mixture a part by its weight, then a value of that part; of a flow its inverse."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.ir.turned import drawn_back
from formula2dgm.resolve.distributions.ways import (
    Cases,
    Flow,
    Mixture,
    Part,
    Way,
    laws_of,
    log_weight,
    nodes_of,
    values_weighed,
)


class NoInverse(Exception):
    """A flow that is known in the other direction only: the network has no inverse."""

    def __init__(self, network: str):
        super().__init__(network)
        self.network = network


class Drawing:
    """Draws of one variable along axes. Raises :class:`NoInverse`.

    A site is called after the variable where one law gives its value, and after the law where several may.
    """

    def __init__(self, arena: Arena, variable: str, axes: tuple[Axis, ...], mark: str = ""):
        self.arena = arena
        self.variable = variable
        self.axes = axes
        self.mark = mark
        self.sites: set[str] = set()

    def value(self, way: Way) -> ir.Node:
        """A draw of the variable."""
        return self._value(way, len(list(laws_of(way))) > 1)

    def _value(self, way: Way, several: bool) -> ir.Node:
        match way:
            case ir.Law():
                return self.draw(way, way.label if several else self.variable)
            case Cases(category, ways):
                values = tuple(self._value(each, several) for each in ways)
                return self.arena.make(ir.Choice, category, values)
            case Flow(calls, base, name):
                return self._inverted(calls, Drawing(self.arena, name, self.axes, self.mark).value(base))
            case Mixture((part,)):
                return self._of_part(part, several)
            case Mixture(parts):
                logs = [self._total(each) for each in parts]
                component = self._component(self.arena.make(ir.Entries, tuple(logs)))
                values = tuple(self._of_part(each, several) for each in parts)
                return self.arena.make(ir.Choice, component, values)

    def _inverted(self, calls: tuple[ir.NetCall | ir.Solution, ...], value: ir.Node) -> ir.Node:
        """What the calls make ``value`` of."""
        for call in reversed(calls):
            if isinstance(call, ir.Solution):
                value = drawn_back(self.arena, call, value, lambda each: self.draw(each.law, each.site))
                self.arena.entitle(value, self.variable)
                continue
            if call.method == "differentiation":
                raise NoInverse(call.network)
            method = "inverse" if call.method == "forward" else "forward"
            args = (value, *call.args[1:])
            back = self.arena.make(ir.NetCall, call.network, args, call.frozen, call.copy, method)
            value = self.arena.make(ir.Head, back, None, None, ir.VALUE)
        return value

    def draw(self, law: ir.Law, site: str) -> ir.Draw:
        """One draw along the axes that the law has not."""
        own = tuple(axis for axis in self.axes if axis not in law.axes)
        return self.arena.make(ir.Draw, law, self._site(site) + self.mark, own, 0)

    def _site(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self.sites:
            name, number = f"{wanted}#{number}", number + 1
        self.sites.add(name)
        return name

    def _component(self, logits: ir.Node) -> ir.Draw:
        label = f"component of {self.variable}"
        law = self.arena.make(ir.Law, label, "Categorical", (("logits", logits),), ())
        return self.draw(law, f"{self.variable}_component")

    def _total(self, part: Part) -> ir.Node:
        log = log_weight(self.arena, part)
        return log if part.axis is None else self.arena.make(ir.Reduce, "logsumexp", part.axis, log)

    def _of_part(self, part: Part, several: bool) -> ir.Node:
        if part.axis is None:
            return self._value(part.way, several)
        values = values_weighed(part)
        if values is not None:
            return self._value(self._at(part.way, {values: self.draw(values.law, values.axis.name)}), several)
        logits = self.arena.make(ir.Stack, log_weight(self.arena, part), part.axis)
        component, memo = self._component(logits), dict[ir.Node, ir.Node]()
        for node in nodes_of(part.way):
            if part.axis in node.axes and isinstance(node, ir.Param | ir.Index | ir.Enumerated):
                memo[node] = self.arena.make(ir.At, node, part.axis, component)
            elif isinstance(node, ir.Reduce) and node.axis == part.axis:
                memo[node] = node  # a sum over all components is of all of them
        return self._value(self._at(part.way, memo), several)

    def _at(self, way: Way, values: dict[ir.Node, ir.Node]) -> Way:
        """The way with other nodes in place of those that run along an axis."""

        def changed(node: ir.Node) -> ir.Node:
            return self._replaced(node, values)

        match way:
            case Cases(category, ways):
                return Cases(changed(category), tuple(self._at(each, values) for each in ways))
            case Mixture(parts):
                return Mixture(tuple(self._part_at(each, values) for each in parts))
            case Flow(calls, base, name):
                return Flow(tuple(map(changed, calls)), self._at(base, values), name)  # type: ignore[arg-type]
        law = changed(way)
        assert isinstance(law, ir.Law)
        return law

    def _part_at(self, part: Part, values: dict[ir.Node, ir.Node]) -> Part:
        weights = tuple(self._replaced(each, values) for each in part.weights)
        return Part(weights, part.axis, self._at(part.way, values))

    def _replaced(self, node: ir.Node, values: dict[ir.Node, ir.Node]) -> ir.Node:
        """The node with others in place of some; what has been drawn already stays."""
        drawn: dict[ir.Node, ir.Node] = {each: each for each in walk(node) if isinstance(each, ir.Draw)}
        return rewrite(self.arena, node, lambda each: values.get(each, each), {**values, **drawn})
