"""Means and variances of variables, exact: of laws, of one of several, of mixtures by the law of total variance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.resolve.distributions.ways import Cases, Mixture, Part, Way, facts, sum_to_one, weight_of

Kind = Literal["mean", "variance"]


class NoMoment(Exception):
    """A law has no such moment: what to say of it, and what to do about it."""

    def __init__(self, message: str, hint: str):
        super().__init__(message)
        self.hint = hint


@dataclass(slots=True)
class Moments:
    """The moments of one variable."""

    arena: Arena
    variable: str

    def of(self, way: Way, kind: Kind) -> ir.Node:
        """The mean or the variance. Raises :class:`NoMoment`."""
        match way:
            case ir.Law():
                return self._of_law(way, kind)
            case Cases(category, ways):
                return self.arena.make(ir.Choice, category, tuple(self.of(each, kind) for each in ways))
            case Mixture(parts):
                return self._mixed(parts, kind, sum_to_one(self.arena, way))
        hint = "estimate it from .sample(1000)"
        raise NoMoment(f"the {kind} of {self.variable}, which a function makes of {way.name}, has no closed form", hint)

    def _of_law(self, law: ir.Law, kind: Kind) -> ir.Node:
        known = facts(law)
        if known.classes and not known.value_rank:
            hint = "bind it with one_hot=True, or take .params()"
            raise NoMoment(f"{self.variable} is a category: it has no {kind}", hint)
        if getattr(known, kind) is None:
            raise NoMoment(f"the {kind} of a {law.family} has no closed form", "estimate it from .sample(1000)")
        return self.arena.make(ir.Moment, law, kind)

    def _mixed(self, parts: tuple[Part, ...], kind: Kind, normalised: bool) -> ir.Node:
        """The moment of a mixture: \\sum_k w_k m_k, and \\sum_k w_k (v_k + (m_k - m)^2)."""
        mean = self._average(parts, lambda part: self.of(part.way, "mean"), normalised)
        if kind == "mean":
            return mean

        def spread(part: Part) -> ir.Node:
            away = self.arena.make(ir.Add, (self.of(part.way, "mean"), self.arena.make(ir.Neg, mean)))
            squared = self.arena.make(ir.Pow, away, self.arena.make(ir.Const, 2))
            return self.arena.make(ir.Add, (self.of(part.way, "variance"), squared))

        return self._average(parts, spread, normalised)

    def _average(self, parts: tuple[Part, ...], value: Callable[[Part], ir.Node], normalised: bool) -> ir.Node:
        weights = [weight_of(self.arena, each) for each in parts]
        summands = [
            self._along(part.axis, self.arena.make(ir.Mul, (weight, value(part))))
            for part, weight in zip(parts, weights, strict=True)
        ]
        total = self._sum(summands)
        if normalised:
            return total
        whole = [self._along(part.axis, weight) for part, weight in zip(parts, weights, strict=True)]
        return self.arena.make(ir.Div, total, self._sum(whole))

    def _sum(self, nodes: list[ir.Node]) -> ir.Node:
        return nodes[0] if len(nodes) == 1 else self.arena.make(ir.Add, tuple(nodes))

    def _along(self, axis: Axis | None, node: ir.Node) -> ir.Node:
        return node if axis is None else self.arena.make(ir.Reduce, "sum", axis, self._having(axis, node))

    def along(self, axes: Sequence[Axis], node: ir.Node) -> ir.Node:
        """The moment for every position of plates, along which it may be the same."""
        for axis in axes:
            node = self._having(axis, node)
        return node

    def _having(self, axis: Axis, node: ir.Node) -> ir.Node:
        """The node at every position of an axis, along which it may be the same."""
        if axis in node.axes:
            return node
        zero = self.arena.make(ir.Mul, (self.arena.make(ir.Const, 0.0), self.arena.make(ir.Index, axis)))
        return self.arena.make(ir.Add, (node, zero))
