"""Short forms for programs over time."""

from __future__ import annotations

from collections.abc import Sequence

from programs import BATCH, Builder

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Term

TIME = Axis("time", "t")
SEQUENCE = (BATCH, TIME)
PARAMETERS = {
    "Normal": ("loc", "scale"),
    "Bernoulli": ("logits",),
    "Gamma": ("concentration", "rate"),
}


class TimeBuilder(Builder):
    """Short forms for the nodes of time."""

    def __init__(self, formula: str, time: Axis = TIME):
        super().__init__(formula)
        self.time = time

    def previous(self, site: str, initial: ir.Node | float = 0.0, lag: int = 1, more: tuple[Axis, ...] = ()):
        """The step before of a site with a batch, time and ``more`` axes."""
        start = initial if isinstance(initial, ir.Node) else self.const(initial)
        return self.make(ir.Previous, site, self.time, start, (*more, BATCH, self.time), lag)

    def output(self, label: str, args: Sequence[ir.Node], number: int | None = None, outputs: int = 1) -> ir.Head:
        """What a deterministic network returns: all, or one of several outputs."""
        return self.make(ir.Head, self.call(label, args, outputs=outputs), None, None, number)

    def state(self, site: str, body: ir.Node, *shape: int) -> ir.State:
        return self.make(ir.State, body, site, self.time, shape or None)

    def shifted(self, body: ir.Node, by: int, outside: float = 0.0) -> ir.Shifted:
        return self.make(ir.Shifted, body, self.time, by, self.const(outside))

    def prefix(self, body: ir.Node, backward: bool = False) -> ir.Prefix:
        return self.make(ir.Prefix, body, self.time, backward)

    def sequence(self, body: ir.Node) -> ir.Sequence:
        return self.make(ir.Sequence, body, self.time)

    def steps(self, body: ir.Node) -> ir.Steps:
        return self.make(ir.Steps, body, self.time)

    def at_step(self, body: ir.Node, step: int) -> ir.AtStep:
        return self.make(ir.AtStep, body, self.time, step)

    def carrying(self, body: ir.Node, *carried: ir.Node) -> ir.Carrying:
        return self.make(ir.Carrying, body, carried)

    def law(self, label: str, family: str, args: Sequence[ir.Node], options: tuple = (), **facts) -> ir.Law:
        call = self.call(label, args, **facts)
        params = tuple((name, self.make(ir.Head, call, family, name)) for name in PARAMETERS[family])
        return self.law_of(label, family, *(node for _, node in params), options=options)

    def law_of(self, label: str, family: str, *params: ir.Node, shape: tuple[int, ...] | None = None, options=()):
        """A law with these parameters."""
        named = tuple(zip(PARAMETERS[family], params, strict=True))
        law = self.make(ir.Law, label, family, named, shape, False, options)
        self._origin(law, label)
        return law

    def sized(self, law: ir.Law, *shape: int) -> ir.Law:
        """The law with a declared event shape."""
        return self.make(ir.Law, law.label, law.family, law.params, shape, law.scalar, law.options)

    def over_time(self, name: str, node: ir.Node, sign: int = 1) -> Term:
        """The mean over the batch of a sum over the steps."""
        return self.term(name, self.mean(self.sum(node, self.time)), sign)
