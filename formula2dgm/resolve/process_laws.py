r"""The laws of noise processes: what follows from one step, ``q(x_t|x_{t-1}) = N(x_t; a_t x_{t-1}, b_t I)``.

q(x_t|x_0)          = N(A_t x_0, V_t I)     A_t = \prod_{s=1}^t a_s,  V_t = a_t^2 V_{t-1} + b_t,  V_0 = 0
q(x_{t-1}|x_t, x_0) = N(x_{t-1}; (V_{t-1} a_t x_t + b_t A_{t-1} x_0) / V_t, b_t V_{t-1} / V_t I)

The second is Bayes' rule with the first as the prior of x_{t-1}.  All that depends on the step alone is a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.resolve.affine import affine_in, is_number, product, ratio, root, square, total
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities import Use
from formula2dgm.resolve.families import Evaluate
from formula2dgm.resolve.hyperparameters import enter_size
from formula2dgm.resolve.noise_processes import Wanted, wanted_of
from formula2dgm.resolve.picked import picked_at
from formula2dgm.resolve.places import End, Offset, Place, Step
from formula2dgm.resolve.timeline import step_key
from formula2dgm.syntax import tree

Law = Callable[[Context, Use, Scope, Evaluate], ir.Law]


def process_law(context: Context, use: Use, scope: Scope, evaluate: Evaluate, law_of: Law) -> ir.Law:
    """The law of a density that follows from one step."""
    found = wanted_of(context, replace(use.density.signature, slots=(*use.variables, *use.given)))
    assert found is not None
    return _Process(context, found, use, scope, evaluate, law_of).law()


class _Process:
    """A process as tables over the steps, read where a density stands."""

    def __init__(self, context: Context, wanted: Wanted, use: Use, scope: Scope, evaluate: Evaluate, law_of: Law):
        assert context.time is not None
        self.context, self.time, self.arena, self.make = context, context.time, context.arena, context.arena.make
        self.wanted, self.use, self.scope, self.evaluate = wanted, use, scope, evaluate
        self.axis = self._axis()
        enter_size(context, self.axis, use.call or wanted.first)
        kernel = self._kernel(law_of)
        self.factor, self.variance = kernel
        zero, one = context.const(0.0), context.const(1.0)
        self.factors = self._entitled(self._running(self.factor), f"{wanted.kernel.label} factor")
        steps = self.make(ir.LinearRecurrence, square(self.arena, self.factor), self.variance, zero, self.axis)
        self.variances = self._entitled(steps, f"{wanted.kernel.label} variance")
        self.factors_before = self.make(ir.Shifted, self.factors, self.axis, -1, one)
        self.variances_before = self.make(ir.Shifted, self.variances, self.axis, -1, zero)

    def _entitled(self, node: ir.Node, title: str) -> ir.Node:
        return self.arena.entitle(node, title)

    def _axis(self) -> Axis:
        over = self.wanted.over
        return (self.scope.indices.get(over.index) if isinstance(over, Offset) else None) or self.time.axis

    def _running(self, factor: ir.Node) -> ir.Node:
        """``\\prod_s a_s``; of roots, the root of the product of what is under them."""
        if isinstance(factor, ir.Apply) and factor.function == "sqrt":
            return self.make(ir.Apply, "sqrt", (self.make(ir.Running, "prod", factor.args[0], self.axis),))
        return self.make(ir.Running, "prod", factor, self.axis)

    def _kernel(self, law_of: Law) -> tuple[ir.Node, ir.Node]:
        """What x_{t-1} is multiplied by, and the variance of the noise, at every step."""
        kernel, last = self.wanted.kernel, "last step of the process"
        index = kernel.signature.slots[0].sub[0]  # type: ignore[attr-defined]
        before = self.make(ir.Data, last, (self.scope.batch,))
        names = [each for each in kernel.signature.given if each is not None]
        letters = {each.letter for each in index.walk() if isinstance(each, tree.Symbol)}
        inside = replace(self.scope, indices={**self.scope.indices, **dict.fromkeys(letters, self.axis)})
        call = Use(kernel, kernel.signature.slots[:1], kernel.signature.slots[1:])
        bound = {key: before for each in names for key in (step_key(each), each.id)}
        law = law_of(self.context, call, inside.bind(bound), self.evaluate)
        params = dict(law.params)
        mean = affine_in(self.arena, params["loc"], last) if law.family == "Normal" else None
        variance = square(self.arena, params["scale"]) if law.family == "Normal" else None
        if mean is None or variance is None or not is_number(mean.rest, 0) or not self._is_table(mean.factor, variance):
            raise self.context.refuse(
                "F2D-0457",
                f"{self.use.density.label} does not follow from {kernel.label}: that is no Normal around a multiple of "
                "the last step, with a variance that depends on the step alone",
                self.use.call.span if self.use.call is not None else kernel.declared.span if kernel.declared else None,
                "declare it beside the step",
            )
        return mean.factor, variance

    def _is_table(self, *nodes: ir.Node) -> bool:
        return all(axis == self.axis for node in nodes for axis in node.axes)

    def _read(self, node: ir.Node, place: Place) -> ir.Node:
        """A table where a density stands."""
        if self.axis not in node.axes:
            return node
        match place:
            case Offset(index, _) if index in self.scope.indices:
                return node
            case Offset(index, _):
                symbol = tree.Symbol(index, span=self.wanted.first.span)
                return picked_at(self.context, node, self.axis, self.evaluate(symbol, self.scope), symbol)
            case Step(number):
                return self.make(ir.AtStep, node, self.axis, number - self.time.start + 1)
            case End(back):
                return self.make(ir.AtStep, node, self.axis, self.time.final - back)

    def law(self) -> ir.Law:
        over, later = self.wanted.over, self.wanted.later
        first = self.evaluate(self.wanted.first, self.scope)
        if later is None:
            before = isinstance(over, Offset) and over.by == -1
            tables = (self.factors_before, self.variances_before) if before else (self.factors, self.variances)
            factor, variance = (self._read(each, over) for each in tables)
            return self._normal(product(self.arena, factor, first), variance)
        factor, variance, whole, factor_before, variance_before = (
            self._read(each, over)
            for each in (self.factor, self.variance, self.variances, self.factors_before, self.variances_before)
        )
        arena = self.arena
        of_later = ratio(arena, product(arena, variance_before, factor), whole)
        of_first = ratio(arena, product(arena, variance, factor_before), whole)
        loc = total(arena, product(arena, of_later, self.evaluate(later, self.scope)), product(arena, of_first, first))
        return self._normal(loc, ratio(arena, product(arena, variance, variance_before), whole))

    def _normal(self, loc: ir.Node, variance: ir.Node) -> ir.Law:
        shape = None
        params = (("loc", loc), ("scale", root(self.arena, variance)))
        return self.make(ir.Law, self.use.density.label, "Normal", params, shape)
