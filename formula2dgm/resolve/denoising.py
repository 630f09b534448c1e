r"""What a network that is trained to undo noise knows of the data and of the noise, whatever it predicts.

x_t = a(t) x + b(t) \epsilon is a straight combination of data and of noise; the network is fitted, by squares, to
another one, c(t) x + e(t) \epsilon.  Where it is right on average, both equations together say what x and \epsilon are
on average, given x_t: of a network of the noise, of the data, of a velocity or of a score alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.constants import number_of
from formula2dgm.ir.denoising import Denoiser
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.ir.text import to_text
from formula2dgm.resolve.affine import affine_in, is_number, negative, product, ratio, square, total
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.shapes import shape_of

DATA, NOISE, PREDICTION = "the data of a path", "the noise of a path", "the prediction of a network"
TIMES = ("DiscreteUniform", "Uniform")


def denoiser(context: Context, objectives: Sequence[Objective]) -> Denoiser | None:
    """The first that a term of an objective trains; None where none does."""
    for objective in objectives:
        for term in objective.terms:
            for residual in _residuals(term.node):
                if found := _of_residual(context, residual):
                    return found
    return None


def _residuals(node: ir.Node) -> Iterator[ir.Node]:
    """What stands squared under sums, means and weights that depend on the time alone: there the mean fits best."""
    match node:
        case ir.Pow(ir.Norm(body, 2), ir.Const(2)):
            yield body
        case ir.Reduce(op="mean" | "sum") | ir.Add() | ir.Neg():
            for each in node.children:
                yield from _residuals(each)
        case ir.Mul() | ir.Div():
            first, *others = sorted(node.children, key=_is_of_time)
            if all(_is_of_time(each) for each in others):
                yield from _residuals(first)


def _of_residual(context: Context, residual: ir.Node) -> Denoiser | None:
    """Of ``||residual||^2``, which holds one call of a network at x_t and t."""
    heads = [
        each for each in walk(residual) if isinstance(each, ir.Head) and each.family is None and each.output is None
    ]
    for head in heads:
        arguments = head.call.args
        points = [each for each in arguments if each.event != "number"]
        times = {each for each in walk(head.call) if isinstance(each, ir.Draw) and _is_time(each)}
        if (
            len(points) == 1
            and len(times) == 1
            and (found := _Path(context, head, points[0], times.pop()).denoiser(residual))
        ):
            return found
    return None


def _is_time(node: ir.Draw) -> bool:
    return node.event == "number" and node.law.family in TIMES and len(node.axes) == 1


def _is_of_time(node: ir.Node) -> bool:
    """Does it depend on a time alone?"""
    leaves = [each for each in walk(node) if isinstance(each, ir.Data | ir.Draw | ir.Enumerated | ir.NetCall)]
    return node.event == "number" and all(isinstance(each, ir.Draw) and _is_time(each) for each in leaves)


class _Path:
    """A path with the network that is called along it."""

    def __init__(self, context: Context, head: ir.Head, point: ir.Node, time: ir.Draw):
        self.context, self.arena, self.make = context, context.arena, context.arena.make
        self.head, self.point, self.time = head, point, time
        self.data = self.make(ir.Data, DATA, ())
        self.noise = self.make(ir.Data, NOISE, ())
        self.prediction = self.make(ir.Data, PREDICTION, ())

    def denoiser(self, residual: ir.Node) -> Denoiser | None:
        """What is known of the path, where the residual is straight in the data, in the noise and in the prediction."""
        arena = self.arena
        residual, point, head = (rewrite(arena, each, self._opened) for each in (residual, self.point, self.head))
        residual = self._put(residual, {head: self.prediction})
        sources = self._sources((point, residual))
        if sources is None:
            return None
        own, fresh = sources
        put = {own: self.data, fresh: self.noise}
        path, fit = self._parts(self._put(point, put)), affine_in(arena, self._put(residual, put), PREDICTION)
        target = self._parts(fit.rest) if fit is not None else None
        if path is None or fit is None or target is None or is_number(fit.factor, 0):
            return None
        coefficients = (*path, *target, fit.factor)
        if not all(_is_of_time(each) for each in coefficients):
            return None
        x, t = self.make(ir.Data, "x of a path", own.axes), self.make(ir.Data, "t of a path", own.axes, True)
        a, b, c, e, by_prediction = (self._put(each, {self.time: t}) for each in coefficients)
        predicted = product(
            arena, negative(arena, by_prediction), self._put(self._put(head, {point: x}), {self.time: t})
        )
        data, noise = self._solved(x, predicted, a, b, c, e)
        if any(
            isinstance(each, ir.Data | ir.Draw | ir.Enumerated) and each not in (x, t) for each in walk(data, noise)
        ):
            return None
        shape = shape_of(self.context, own)
        if not isinstance(shape, tuple):
            return None
        low, high = (dict(self.time.law.params)[each] for each in ("low", "high"))
        counted, downwards = self.time.law.family == "DiscreteUniform", self._is_noise_high(path[0])
        first, last = (high, low) if downwards else (low, high)
        self.context.assume(f"sample goes from noise at {to_text(first)} to {own.name} at {to_text(last)}")
        return Denoiser(own.name, x, t, data, noise, a, b, first, last, counted, shape)

    def _put(self, node: ir.Node, values: Mapping[ir.Node, ir.Node]) -> ir.Node:
        return rewrite(self.arena, node, lambda each: values.get(each, each))

    def _opened(self, node: ir.Node) -> ir.Node:
        """A draw from a Normal as its mean and its deviation times noise; a score of a Normal as what it is."""
        arena = self.arena
        match node:
            case ir.Draw(law) if law.family == "Normal" and not law.scalar and not _is_standard(law):
                given = dict(law.params)
                fresh = self.make(ir.Draw, self.context.standard_normal(law.shape), f"{node.site} noise", node.axes)
                return total(arena, given["loc"], product(arena, given["scale"], fresh))
            case ir.Grad(ir.LogProb(law, value), wrt) if value is wrt and law.family == "Normal":
                given = dict(law.params)
                away = total(arena, value, negative(arena, given["loc"]))
                return negative(arena, ratio(arena, away, square(arena, given["scale"])))
        return node

    def _sources(self, nodes: Sequence[ir.Node]) -> tuple[ir.Data, ir.Draw] | None:
        """The data and the standard normal draw that the path and the target are made of."""
        found = list(walk(*nodes))
        data = [each for each in found if isinstance(each, ir.Data) and each.name in self.context.inputs]
        draws = [each for each in found if isinstance(each, ir.Draw) and each is not self.time]
        if len(data) != 1 or len(draws) != 1 or not _is_standard(draws[0].law) or data[0].axes != draws[0].axes:
            return None
        return data[0], draws[0]

    def _parts(self, node: ir.Node) -> tuple[ir.Node, ir.Node] | None:
        """What the data and the noise are multiplied by, where nothing else is added."""
        of_data = affine_in(self.arena, node, DATA)
        of_noise = affine_in(self.arena, of_data.rest, NOISE) if of_data is not None else None
        if of_data is None or of_noise is None or not is_number(of_noise.rest, 0):
            return None
        return of_data.factor, of_noise.factor

    def _solved(
        self, x: ir.Node, predicted: ir.Node, a: ir.Node, b: ir.Node, c: ir.Node, e: ir.Node
    ) -> tuple[ir.Node, ir.Node]:
        """Data and noise of ``a data + b noise = x`` and ``c data + e noise = predicted``."""
        arena = self.arena
        if is_number(c, 0):
            noise = ratio(arena, predicted, e)
            return ratio(arena, total(arena, x, negative(arena, self.make(ir.Mul, (b, noise)))), a), noise
        if is_number(e, 0):
            data = ratio(arena, predicted, c)
            return data, ratio(arena, total(arena, x, negative(arena, self.make(ir.Mul, (a, data)))), b)
        whole = total(arena, product(arena, a, e), negative(arena, product(arena, b, c)))
        data = total(arena, product(arena, e, x), negative(arena, product(arena, b, predicted)))
        noise = total(arena, product(arena, a, predicted), negative(arena, product(arena, c, x)))
        return ratio(arena, data, whole), ratio(arena, noise, whole)

    def _is_noise_high(self, by_data: ir.Node) -> bool:
        """Is less of the data left at the greatest time? Steps are counted from the data."""
        if self.time.law.family == "DiscreteUniform":
            return True
        low, high = (self._number(by_data, dict(self.time.law.params)[each]) for each in ("low", "high"))
        return low is None or high is None or abs(low) > abs(high)

    def _number(self, node: ir.Node, time: ir.Node) -> float | None:
        """A coefficient at a time, where both are numbers."""
        defaults = {name: each.default for name, each in self.context.hyperparameters.items()}
        return number_of(self._put(node, {self.time: time}), defaults)


def _is_standard(law: ir.Law) -> bool:
    given = dict(law.params)
    return law.family == "Normal" and is_number(given["loc"], 0) and is_number(given["scale"], 1)
