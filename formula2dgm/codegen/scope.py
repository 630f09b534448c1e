"""What one generated function knows while it is being written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import field

from formula2dgm.codegen.names import Names
from formula2dgm.codegen.python import Body, Code
from formula2dgm.codegen.refusals import unknown_steps
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Network, Program
from formula2dgm.ir.rewrite import walk
from formula2dgm.records import dataclass
from formula2dgm.spans import Span


@dataclass(frozen=True, slots=True)
class StepNoise:
    """The noise of a site that each step draws: where it lies in what the caller gives.

    index, steps  the expressions for the step and for the number of steps
    place         the dimension of time
    """

    index: str
    place: int
    steps: str


@dataclass
class Scope:
    """The names in use, the nodes already computed, and the library functions called so far.

    arguments  the Python name of each input and hyperparameter
    bound      the variable that holds a node, once a statement has computed it
    orders     the variable of the order that a value in a random order, once computed, is in
    noises     for a draw that is a function of noise, the draw's variable and that of the noise it was made of
    demands    whether a deterministic network's tensor is used as a number or a value
    partners   for each draw, the nodes that have its event shape
    uses       how often the terms read each node
    targets    the variables of the terms
    suffix     what the variables of a loop's body end in
    step_noise the noise of a recurrent site at the present step: a variable, or where to look for it
    histories  the lists that keep the steps so far of a loop
    wanted     what the formula calls the result of a network or an expression
    sizes      the expression for the size of an axis that no input has (``n`` in ``sample``)
    constant   the gradients that no other derivative is taken of
    retained   the gradients whose graph another derivative reads as well
    orders     the variable that holds the order of a permuted value
    started    whether the function may be given values to start from, ``start``
    """

    program: Program
    names: Names
    arguments: dict[str, str]
    body: Body = field(default_factory=Body)
    bound: dict[ir.Node, Code] = field(default_factory=dict)
    demands: dict[ir.Node, set[Demand]] = field(default_factory=dict)
    partners: dict[ir.Node, list[ir.Node]] = field(default_factory=dict)
    uses: Counter[ir.Node] = field(default_factory=Counter)
    targets: frozenset[str] = frozenset()
    suffix: str = ""
    step_noise: dict[str, Code | StepNoise] = field(default_factory=dict)
    histories: list[str] = field(default_factory=list)
    wanted: dict[ir.Node, str] = field(default_factory=dict)
    sizes: dict[Axis, str] = field(default_factory=dict)
    library: dict[str, None] = field(default_factory=dict)
    constant: frozenset[ir.Node] = frozenset()
    retained: frozenset[ir.Node] = frozenset()
    noises: dict[ir.Draw, tuple[Code, Code]] = field(default_factory=dict)
    orders: dict[ir.Permuted, str] = field(default_factory=dict)
    started: bool = False
    _heads: tuple[dict[ir.Node, set[Demand]], dict[ir.NetCall, list[ir.Head]]] | None = None

    @property
    def heads(self) -> dict[ir.NetCall, list[ir.Head]]:
        """What is wanted of the results of each network's call."""
        if self._heads is None or self._heads[0] is not self.demands:
            found: dict[ir.NetCall, list[ir.Head]] = {}
            for each in self.demands:
                if isinstance(each, ir.Head):
                    found.setdefault(each.call, []).append(each)
            self._heads = self.demands, found
        return self._heads[1]

    def use(self, function: str) -> str:
        """The name of a library function, which the module will carry."""
        self.library[function] = None
        return function

    def noise_of(self, value: ir.Node, law: ir.Law) -> Code | None:
        """The noise that a value was made of, where it is a draw of this law that the function itself made."""
        if not isinstance(value, ir.Draw) or value.law is not law or value not in self.noises:
            return None
        drawn, noise = self.noises[value]
        return noise if value in self.bound and self.bound[value] is drawn else None

    def network(self, name: str) -> Network:
        """The program's network of this name, perhaps a target."""
        return next(each for each in self.program.called if each.name == name)

    def is_target(self, call: ir.NetCall) -> bool:
        """Is the network a target, whose weights are no parameters?"""
        return any(each.owner.name == call.network for each in self.program.targets)

    def span(self, node: ir.Node) -> Span | None:
        """Where the formula writes the node, first."""
        origins = self.program.arena.origins(node)
        return origins[0].span if origins else None

    def is_number(self, node: ir.Node) -> bool:
        """Does the node's variable hold one number for each position of its axes?"""
        return node.event == "number" or (node.event == "open" and self.demands.get(node) == {"number"})

    def kind(self, node: ir.Node) -> Demand:
        """What the node's variable holds."""
        return "number" if self.is_number(node) else "value"

    def size(self, axis: Axis) -> str:
        """The number of positions on an axis, as an expression."""
        if axis in self.sizes:
            return self.sizes[axis]
        if axis.of is not None:
            return self.size(axis.of)
        if isinstance(axis.size, int):
            return str(axis.size)
        if isinstance(axis.size, str):
            return self.arguments[axis.size]
        for each in self.program.inputs:
            if axis in each.axes and each.name in self.arguments:
                return f"{self.arguments[each.name]}.shape[{each.axes.index(axis)}]"
        for node in walk(*self.program.roots):
            if isinstance(node, ir.Data) and axis in node.axes and node.name in self.arguments:
                return f"{self.arguments[node.name]}.shape[{node.axes.index(axis)}]"
        for node, code in self.bound.items():
            if isinstance(node, ir.Along) and node.axis == axis and code.text.isidentifier():
                return f"{code.text}.shape[{node.axes.index(axis)}]"
        for node, code in self.bound.items():
            if axis in node.axes and code.text.isidentifier():
                return f"{code.text}.shape[{node.axes.index(axis)}]"
        if axis.kind == "time" and (found := self._reader(axis)) is not None:
            raise unknown_steps(axis.name, found)
        raise LookupError(f"nothing in scope has the axis {axis}")

    def _reader(self, axis: Axis) -> Span | None:
        """A piece of the formula that has an axis."""
        nodes = (each for each in walk(*self.program.roots) if axis in each.axes)
        return next((span for each in nodes if (span := self.span(each)) is not None), None)

    def shape(self, axes: Iterable[Axis], event: str = "") -> Code:
        """A shape: the sizes of axes, then ``event`` (a starred expression or numbers)."""
        items = [*(self.size(axis) for axis in axes), *([event] if event else [])]
        return Code(f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})")
