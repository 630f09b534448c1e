r"""What a network that is trained to undo noise knows of the data and of the noise, whatever it predicts.

x_t = a(t) x + b(t) \epsilon is a straight combination of data and of noise; the network is fitted, by squares, to
another one, c(t) x + e(t) \epsilon.  Where it is right on average, both equations together say what x and \epsilon are
on average, given x_t: of a network of the noise, of the data, of a velocity or of a score alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.constants import number_of
from formula2dgm.ir.denoising import Denoiser
from formula2dgm.ir.formulas import formula_at
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.ir.text import to_text
from formula2dgm.resolve.calculus.affine import affine_in, is_number, negative, product, ratio, total
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.processes.decoding import decoder
from formula2dgm.resolve.processes.denoising_conditions import Conditions
from formula2dgm.resolve.processes.noised import Source, is_coupled, opened, source_of
from formula2dgm.resolve.values.shapes import shape_of

DATA, NOISE, PREDICTION = "the data of a path", "the noise of a path", "the prediction of a network"
#: How the times of a law lie between its ends.
SPACINGS = {"DiscreteUniform": "counted", "Uniform": "even", "LogNormal": "log"}
#: So many deviations of the logarithm away from its mean lie the ends of times that have none.
FAR = 4
#: The part of the way that is left out where a network says nothing of the data at its beginning.
OFF = 1e-2
#: What is divided by to find the data: less is nothing.
NOTHING = 1e-4


def denoiser(context: Context, objectives: Sequence[Objective]) -> Denoiser | None:
    """The first that a term of an objective trains; None where none does."""
    residuals = [each for objective in objectives for term in objective.terms for each in _residuals(term.node)]
    for residual in residuals:
        if found := _of_residual(context, residual):
            made, source = found
            decoded = decoder(context, source, residuals)
            if decoded is not None:
                by = f", by {decoded.value.law.label}" if isinstance(decoded.value, ir.Draw) else ""
                context.assume(f"sample makes {decoded.variable} of {source.name}{by}")
            return replace(made, decoder=decoded)
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


def _of_residual(context: Context, residual: ir.Node) -> tuple[Denoiser, Source] | None:
    """Of ``||residual||^2``, which holds one call of a network at x_t and t."""
    heads = [
        each for each in walk(residual) if isinstance(each, ir.Head) and each.family is None and each.output is None
    ]
    for head in heads:
        times = {each for each in walk(head.call) if isinstance(each, ir.Draw) and _is_time(each)}
        for point in head.call.args:
            if len(times) == 1 and point.event != "number":
                (time,) = times
                if found := _Path(context, head, point, time).denoiser(residual):
                    return found
    return None


def _is_time(node: ir.Draw) -> bool:
    return node.event == "number" and node.law.family in SPACINGS and len(node.axes) == 1


def _is_of_time(node: ir.Node) -> bool:
    """Does it depend on a time alone?"""
    leaves = [each for each in walk(node) if isinstance(each, ir.Data | ir.Draw | ir.Enumerated | ir.NetCall)]
    return node.event != "value" and all(isinstance(each, ir.Draw) and _is_time(each) for each in leaves)


def _noised(node: ir.Node) -> ir.Node:
    """``x + n`` of ``c(t) (x + n)``: what a network is given, without numbers in front."""
    while isinstance(node, ir.Mul | ir.Div | ir.Neg):
        moving = [each for each in node.children if not _is_of_time(each)]
        if len(moving) != 1 or isinstance(moving[0], ir.Draw | ir.Data):
            return node
        (node,) = moving
    return node


class _Path:
    """A path with the network that is called along it."""

    def __init__(self, context: Context, head: ir.Head, point: ir.Node, time: ir.Draw):
        self.context, self.arena, self.make = context, context.arena, context.arena.make
        self.head, self.point, self.time = head, point, time
        self.data = self.make(ir.Data, DATA, ())
        self.noise = self.make(ir.Data, NOISE, ())
        self.prediction = self.make(ir.Data, PREDICTION, ())
        self.law = dict(time.law.params)

    def denoiser(self, residual: ir.Node) -> tuple[Denoiser, Source] | None:
        """What is known of the path, where the residual is straight in the data, in the noise and in the prediction."""
        coupled = is_coupled(residual, self.point)
        residual, point, head = (opened(self.context, each, self.time) for each in (residual, self.point, self.head))
        residual = self._put(residual, {head: self.prediction})
        source = source_of(self.context, (point, residual), self.time)
        if source is None:
            return None
        noised = _noised(point)
        axes = source.noise.axes
        x, t = self.make(ir.Data, "x of a path", axes), self.make(ir.Data, "t of a path", axes, True)
        put = {source.data: self.data, source.noise: self.noise}
        path, fit = self._parts(self._put(noised, put)), self._fit(residual, put, {noised: x})
        if path is None or fit is None or not all(_is_of_time(each) for each in (*path, *fit)):
            return None
        (a, b), (c, e, by_x, by_prediction) = (
            [self._put(each, {self.time: t}) for each in some] for some in (path, fit)
        )
        conditions = Conditions.read(
            self.context, self._put(self._put(head, {noised: x}), {self.time: t}), (x, t), source
        )
        shape = shape_of(self.context, source.data) or source.noise.law.shape
        if conditions is None or not isinstance(shape, tuple):
            return None
        said = total(self.arena, product(self.arena, by_x, x), product(self.arena, by_prediction, conditions.call))
        data, noise, divisor = self._solved(x, negative(self.arena, said), a, b, c, e)
        first, last = self._ends(a, b, t, divisor)
        self.context.assume(f"sample goes from noise at {to_text(first)} to {source.name} at {to_text(last)}")
        spacing = SPACINGS[self.time.law.family]
        read = conditions.names, conditions.kept, self._number(a, t, last), None, coupled
        made = Denoiser(source.name, x, t, data, noise, a, b, first, last, spacing, shape, *read)  # type: ignore[arg-type]
        return made, source

    def _fit(
        self, residual: ir.Node, put: Mapping[ir.Node, ir.Node], noised: Mapping[ir.Node, ir.Node]
    ) -> tuple[ir.Node, ...] | None:
        """What data, noise, x_t and prediction are multiplied by in a residual: with x_t as data and noise, or as
        itself where that leaves one of them alone."""
        found = None
        for known in ({}, noised):
            fit = affine_in(self.arena, self._put(self._put(residual, known), put), PREDICTION)
            rest = affine_in(self.arena, fit.rest, "x of a path") if fit is not None else None
            parts = self._parts(rest.rest) if rest is not None else None
            if fit is None or rest is None or parts is None or is_number(fit.factor, 0):
                continue
            found = found or (*parts, rest.factor, fit.factor)
            if any(is_number(each, 0) for each in parts):
                return (*parts, rest.factor, fit.factor)
        return found

    def _put(self, node: ir.Node, values: Mapping[ir.Node, ir.Node]) -> ir.Node:
        return rewrite(self.arena, node, lambda each: values.get(each, each))

    def _parts(self, node: ir.Node) -> tuple[ir.Node, ir.Node] | None:
        """What the data and the noise are multiplied by, where nothing else is added."""
        of_data = affine_in(self.arena, node, DATA)
        of_noise = affine_in(self.arena, of_data.rest, NOISE) if of_data is not None else None
        if of_data is None or of_noise is None or not is_number(of_noise.rest, 0):
            return None
        return of_data.factor, of_noise.factor

    def _solved(
        self, x: ir.Node, predicted: ir.Node, a: ir.Node, b: ir.Node, c: ir.Node, e: ir.Node
    ) -> tuple[ir.Node, ir.Node, ir.Node]:
        """Data and noise of ``a data + b noise = x`` and ``c data + e noise = predicted``, and what is divided by."""
        arena = self.arena
        if is_number(c, 0):
            noise = ratio(arena, predicted, e)
            return ratio(arena, total(arena, x, negative(arena, self.make(ir.Mul, (b, noise)))), a), noise, a
        if is_number(e, 0):
            data = ratio(arena, predicted, c)
            return data, ratio(arena, total(arena, x, negative(arena, self.make(ir.Mul, (a, data)))), b), b
        whole = total(arena, product(arena, a, e), negative(arena, product(arena, b, c)))
        data = total(arena, product(arena, e, x), negative(arena, product(arena, b, predicted)))
        noise = total(arena, product(arena, a, predicted), negative(arena, product(arena, c, x)))
        return ratio(arena, data, whole), ratio(arena, noise, whole), whole

    # -- from where to where -----------------------------------------------------------------------------

    def _ends(self, a: ir.Node, b: ir.Node, t: ir.Node, divisor: ir.Node) -> tuple[ir.Node, ir.Node]:
        """The time at which the noise is, and that of the data; steps of which no more is known are counted from the
        data."""
        low, high = self._range()
        by_data, by_noise = ([self._number(each, t, time) for time in (low, high)] for each in (a, b))
        first, last = high, low
        if None not in (*by_data, *by_noise):
            (a_low, a_high), (b_low, b_high) = by_data, by_noise
            assert a_low is not None and a_high is not None and b_low is not None and b_high is not None
            if abs(a_low * b_high) < abs(a_high * b_low):
                first, last = low, high
        found, start, end = self._number(divisor, t, first), number_of(first, {}), number_of(last, {})
        if found is None or abs(found) > NOTHING:
            return first, last
        if self.time.law.family == "DiscreteUniform" and self.law["low"] is not self.law["high"]:
            first = total(self.arena, first, self.make(ir.Const, -1 if first is high else 1))
        elif self.time.law.family == "Uniform" and start is not None and end is not None:
            first = self.context.const(start + OFF * (end - start))
        return first, last

    def _range(self) -> tuple[ir.Node, ir.Node]:
        """The least and the greatest time."""
        if self.time.law.family != "LogNormal":
            return self.law["low"], self.law["high"]
        away = product(self.arena, self.context.const(FAR), self.law["scale"])
        low, high = (
            self.make(ir.Apply, "exp", (total(self.arena, self.law["loc"], each),))
            for each in (negative(self.arena, away), away)
        )
        return low, high

    def _number(self, node: ir.Node, time: ir.Node, value: ir.Node) -> float | None:
        """A coefficient at a time, where both are numbers."""
        defaults = {name: each.default for name, each in self.context.hyperparameters.items()}
        formula = rewrite(self.arena, node, lambda each: formula_at(self.arena, each))
        return number_of(self._put(formula, {time: value}), defaults)
