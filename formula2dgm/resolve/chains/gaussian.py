"""Normal variables integrated out of a product of densities, exactly: all that is linear in them stays Normal.

p(z) = N(m, S), p(x|z) = N(A z + b, R):   p(x) = N(A m + b, A S A^T + R)
p(z) = N(m, s^2), p(x|z) = N(c z + b, r^2), number by number:   p(x) = N(c m + b, c^2 s^2 + r^2)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.joints import Factor
from formula2dgm.ir.rewrite import walk
from formula2dgm.records import dataclass
from formula2dgm.resolve.distributions.ways import reads

Shape = tuple[int, ...]
NORMAL = ("Normal", "MultivariateNormal", "LowRankMultivariateNormal")


@dataclass(frozen=True, slots=True)
class Elimination:
    """Integrates hidden variables out of factors; ``shapes`` are those of the tensors that the program holds."""

    arena: Arena
    shapes: Mapping[str, Shape | None]

    def without(self, factors: Sequence[Factor], hidden: frozenset[str]) -> list[Factor]:
        """The factors, parents first, without the hidden variables that can be integrated out."""
        left = list(factors)
        while (found := self._step(left, hidden)) is not None:
            gone, old, new = found
            left = [new if each is old else each for each in left if each is not gone]
        return left

    def _step(self, factors: Sequence[Factor], hidden: frozenset[str]) -> tuple[Factor, Factor, Factor] | None:
        """A factor whose variable goes, the only one that depends on it, and what becomes of that."""
        for each in factors:
            if each.law is None or not set(each.variables) <= hidden:
                continue
            (name,) = each.variables
            users = [other for other in factors if other is not each and reads(other.log, name)]
            if len(users) == 1 and (law := self.integrated(each.law, users[0].law, name)) is not None:
                assert isinstance(users[0].log, ir.LogProb)
                log = self.arena.make(ir.LogProb, law, users[0].log.value)
                return each, users[0], replace(users[0], log=self.arena.inherit(log, users[0].log), law=law)
        return None

    def integrated(self, prior: ir.Law, likelihood: ir.Law | None, variable: str) -> ir.Law | None:
        """The law of x where z, which the likelihood reads as data, has the prior; None where it is not Normal."""
        if (
            likelihood is None
            or prior.family not in NORMAL
            or likelihood.family not in ("Normal", "MultivariateNormal")
        ):
            return None
        noise, given = dict(likelihood.params), dict(prior.params)
        scale = noise["scale" if likelihood.family == "Normal" else "scale_tril"]
        found = linear_in(noise["loc"], variable)
        if found is None or reads(scale, variable):
            return None
        if isinstance(found, ByNumbers):
            return self._by_numbers(prior, likelihood, found)
        if any(each.axes for each in (found.matrix, *(node for name, node in prior.params if name != "loc"))):
            return None
        mean = given["loc"]
        if isinstance(mean, ir.Hyper) or (isinstance(mean, ir.Const) and mean.value != 0):
            return None  # one number for all dimensions of z, of which nothing here says how many there are
        moved = () if isinstance(mean, ir.Const) else (self.arena.make(ir.MatMul, found.matrix, mean, False),)
        loc = self._sum((*moved, *found.rest))
        factor = self._through(prior, found.matrix)
        shape = likelihood.shape or self._rows(found.matrix)
        if likelihood.family == "MultivariateNormal":
            whole = self.arena.make(ir.Apply, "columns_beside", (factor, scale))
            return self._multivariate(likelihood, loc, whole, shape)
        diagonal = self.arena.make(ir.Pow, scale, self.arena.make(ir.Const, 2))
        params = (("loc", loc), ("cov_factor", factor), ("cov_diag", diagonal))
        return self.arena.make(ir.Law, likelihood.label, "LowRankMultivariateNormal", params, shape)

    # -- matrices --------------------------------------------------------------------------------------

    def _through(self, prior: ir.Law, matrix: ir.Node) -> ir.Node:
        """A factor F of A S A^T = F F^T."""
        given = dict(prior.params)
        match prior.family:
            case "Normal":
                return self.arena.make(ir.Mul, (matrix, given["scale"]))
            case "MultivariateNormal":
                return self.arena.make(ir.Apply, "matrix_product", (matrix, given["scale_tril"]))
        wide = self.arena.make(ir.Apply, "matrix_product", (matrix, given["cov_factor"]))
        deviation = self.arena.make(ir.Apply, "sqrt", (given["cov_diag"],))
        own = self.arena.make(ir.Mul, (matrix, deviation))
        return self.arena.make(ir.Apply, "columns_beside", (wide, own))

    def _multivariate(self, likelihood: ir.Law, loc: ir.Node, factor: ir.Node, shape: Shape | None) -> ir.Law:
        root = self.arena.make(ir.Apply, "scale_tril_from_factor", (factor,))
        return self.arena.make(
            ir.Law, likelihood.label, "MultivariateNormal", (("loc", loc), ("scale_tril", root)), shape
        )

    def _rows(self, matrix: ir.Node) -> Shape | None:
        shape = self.shapes.get(matrix.name) if isinstance(matrix, ir.Param) else None
        return shape[-2:-1] if shape is not None and len(shape) > 1 else None

    # -- number by number ------------------------------------------------------------------------------

    def _by_numbers(self, prior: ir.Law, likelihood: ir.Law, found: ByNumbers) -> ir.Law | None:
        """c z + b of as many independent numbers as z has."""
        given, noise = dict(prior.params), dict(likelihood.params)
        if prior.family != "Normal" or likelihood.family != "Normal" or prior.scalar or likelihood.scalar:
            return None
        own = self._size(prior.shape, tuple(given.values()))
        parts = (*found.factors, *found.rest, noise["scale"])
        others = [self._size(likelihood.shape, ()), *(self._size(None, (each,)) for each in parts)]
        if any(each is None or each not in ((), own) for each in others):
            return None
        by = found.factors
        mean = self.arena.make(ir.Mul, (*by, given["loc"])) if by else given["loc"]
        deviation = self.arena.make(ir.Mul, (*by, given["scale"])) if by else given["scale"]
        two = self.arena.make(ir.Const, 2)
        variance = self._sum(tuple(self.arena.make(ir.Pow, each, two) for each in (deviation, noise["scale"])))
        params = (("loc", self._sum((mean, *found.rest))), ("scale", self.arena.make(ir.Apply, "sqrt", (variance,))))
        shape = likelihood.shape or prior.shape
        return self.arena.make(ir.Law, likelihood.label, "Normal", params, shape)

    def _size(self, said: Shape | None, nodes: tuple[ir.Node, ...]) -> Shape | None:
        """The shape that a law says or its parameters have; () for numbers; None where it is not known."""
        if said is not None:
            return said
        found: set[Shape | None] = set()
        for node in nodes:
            for each in walk(node):
                if isinstance(each, ir.Param):
                    shape = self.shapes.get(each.name)
                    found.add(None if shape is None else () if each.number else shape[len(each.own) :])
                elif isinstance(each, ir.Data | ir.Head | ir.Draw):
                    found.add(None)
        found -= {()}
        return () if not found else found.pop() if len(found) == 1 else None

    def _sum(self, nodes: tuple[ir.Node, ...]) -> ir.Node:
        kept = tuple(each for each in nodes if not (isinstance(each, ir.Const) and each.value == 0))
        if not kept:
            return self.arena.make(ir.Const, 0.0)
        return kept[0] if len(kept) == 1 else self.arena.make(ir.Add, kept)


@dataclass(frozen=True, slots=True)
class ByMatrix:
    """``A z + rest``."""

    matrix: ir.Node
    rest: tuple[ir.Node, ...]


@dataclass(frozen=True, slots=True)
class ByNumbers:
    """``c z + rest``; without factors, ``z + rest``."""

    factors: tuple[ir.Node, ...]
    rest: tuple[ir.Node, ...]


def linear_in(loc: ir.Node, variable: str) -> ByMatrix | ByNumbers | None:
    """A mean that is linear in the variable; None for any other."""
    terms = loc.args if isinstance(loc, ir.Add) else (loc,)
    moving = [each for each in terms if reads(each, variable)]
    rest = tuple(each for each in terms if each not in moving)
    match moving:
        case [ir.MatMul(matrix, ir.Data(name), False)] if name == variable and not reads(matrix, variable):
            return ByMatrix(matrix, rest)
        case [ir.Data()]:
            return ByNumbers((), rest)
        case [ir.Mul(args)] if sum(reads(each, variable) for each in args) == 1:
            own = next(each for each in args if reads(each, variable))
            if isinstance(own, ir.Data):
                return ByNumbers(tuple(each for each in args if each is not own), rest)
    return None
