"""The whole numbers that a draw can be, at given data: for random noise of ``t ~ U\\{1, T\\}``."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program


class Ranges:
    """Least and greatest numbers of laws, in a program that is given data."""

    def __init__(self, program: Program, given: Mapping[str, object], keywords: Mapping[str, str]):
        self.numbers = {each.name: each.default for each in program.hyperparameters}
        self.sizes: dict[object, int] = {}
        self.shortest: int | None = None
        for each in program.inputs:
            value = given.get(keywords.get(each.name, each.name))
            if isinstance(value, Tensor):
                self.sizes |= dict(zip(each.axes, value.shape, strict=False))
                if each.name == "lengths":
                    self.shortest = int(value.min())

    def of(self, law: ir.Law) -> tuple[int, int] | None:
        """The range of a law of whole numbers; None for any other, and where it depends on more than sizes."""
        if law.family != "DiscreteUniform":
            return None
        low, high = (self._number(value) for _, value in law.params)
        return (int(low), int(high)) if low is not None and high is not None and low <= high else None

    def _number(self, node: ir.Node) -> float | None:
        match node:
            case ir.Const(value):
                return value
            case ir.Hyper(name):
                return self.numbers.get(name)
            case ir.Size(axis):
                return self.sizes.get(axis)
            case ir.Lengths():
                return self.shortest
            case ir.Neg(body):
                own = self._number(body)
                return None if own is None else -own
            case ir.Add(args):
                parts = [self._number(each) for each in args]
                known = [each for each in parts if each is not None]
                return sum(known) if len(known) == len(parts) else None
        return None
