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
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.calculus.affine import affine_in, is_number, product, ratio, root, square, total
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.draws.picked import read_at
from formula2dgm.resolve.processes.noise_processes import Wanted, stands_in, wanted_of
from formula2dgm.resolve.sequences.places import End, Offset, Step
from formula2dgm.resolve.sequences.timeline import step_key
from formula2dgm.resolve.statements.hyperparameters import enter_size
from formula2dgm.syntax import tree

Law = Callable[[Context, Use, Scope, Evaluate], ir.Law]


def process_law(context: Context, use: Use, scope: Scope, evaluate: Evaluate, law_of: Law) -> ir.Law:
    """The law of a density that follows from one step."""
    wanted = replace(use.density.signature, slots=(*use.variables, *use.given))
    found = wanted_of(context, wanted)
    if found is None:
        raise context.refuse(
            "F2D-0302",
            f"{use.call or use.density.label} does not follow from the step of its process",
            use.call.span if use.call is not None else None,
            "one of what it is given is x_0, or a value that stands for it, and the other, if any, x one step later",
        )
    process = _Process(context, found, use, scope, evaluate, law_of)
    if stands_in(context, wanted, found.first):
        process.replaced = True
        context.assume(f"{found.first} stands for the value before the first step in {use.call}", found.first.span)
    return process.law()


class _Process:
    """A process as tables over the steps, read where a density stands."""

    def __init__(self, context: Context, wanted: Wanted, use: Use, scope: Scope, evaluate: Evaluate, law_of: Law):
        assert context.time is not None
        self.replaced = False
        self.context, self.time, self.arena, self.make = context, context.time, context.arena, context.arena.make
        self.wanted, self.use, self.scope, self.evaluate = wanted, use, scope, evaluate
        self.axis = self._axis()
        enter_size(context, self.axis, use.call or wanted.first)
        assert use.density.declared is not None
        self.label = str(use.density.declared.body)
        self.factor, self.variance = self._kernel(law_of)
        zero = context.const(0.0)
        self.factors = self._running(self.factor)
        square_of = square(self.arena, self.factor)
        steps = self.make(ir.LinearRecurrence, square_of, self.variance, zero, self.axis)
        self.variances = self.arena.entitle(steps, f"variance given {wanted.first}")

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
        letters = {each.letter for each in index.all(tree.Symbol)}
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
                f"{self.label} does not follow from {kernel.label}: that is no Normal around a multiple of "
                "the last step, with a variance that depends on the step alone",
                self.use.call.span if self.use.call is not None else kernel.declared.span if kernel.declared else None,
                "declare it beside the step",
            )
        return mean.factor, variance

    def _is_table(self, *nodes: ir.Node) -> bool:
        return all(axis == self.axis for node in nodes for axis in node.axes)

    def _read(self, node: ir.Node) -> ir.Node:
        """A table where the density stands."""
        if self.axis not in node.axes:
            return node
        context, place, where = self.context, self.wanted.over, self.use.call or self.wanted.first
        return read_at(context, node, self.axis, place, self.scope, self.evaluate, where)

    def law(self) -> ir.Law:
        first, later = self.evaluate(self.wanted.first, self.scope), self.wanted.later
        if later is None:
            before = isinstance(self.wanted.over, Offset) and self.wanted.over.by == -1
            factor, variance = self._before() if before else (self.factors, self.variances)
            by, scale = self._table(factor, f"by {self.wanted.first}"), self._table(root(self.arena, variance), "scale")
            return self._normal(product(self.arena, by, first), scale)
        arena, (factor, variance) = self.arena, self._before()
        of_later = self._table(ratio(arena, product(arena, variance, self.factor), self.variances), f"by {later}")
        of_first = self._table(
            ratio(arena, product(arena, self.variance, factor), self.variances), f"by {self.wanted.first}"
        )
        scale = root(arena, ratio(arena, product(arena, self.variance, variance), self.variances))
        self._refuse_without_width(self._read(scale), first)
        loc = total(arena, product(arena, of_later, self.evaluate(later, self.scope)), product(arena, of_first, first))
        return self._normal(loc, self._table(scale, "scale"))

    def _refuse_without_width(self, scale: ir.Node, first: ir.Node) -> None:
        """At the first step the law has no width: what is learned in the place of the data has no derivative there, and
        a sum over all steps would carry that to the others."""
        learned = self.replaced and any(isinstance(each, ir.NetCall) for each in walk(first))
        if learned and self.axis in scale.axes:
            use, stands = self.use, self.wanted.first
            raise self.context.refuse(
                "F2D-0545",
                f"{use.call} is learned by {stands} and has no width at the first step: summed over steps it has no "
                "derivative",
                stands.span,
                "draw the step: E_{t}[...] with t \\sim U\\{2, T\\}, times T - 1 for the sum",
            )

    def _before(self) -> tuple[ir.Node, ir.Node]:
        """What x_0 is multiplied by and the variance, one step before; before the first step there is no noise."""
        outside = zip((self.factors, self.variances), (1.0, 0.0), strict=True)
        factor, variance = (
            self.make(ir.Shifted, each, self.axis, -1, self.context.const(value)) for each, value in outside
        )
        return factor, variance

    def _table(self, node: ir.Node, what: str) -> ir.Node:
        """A table of the density, read where it stands."""
        back = " back" if self.wanted.later is not None else ""
        title = f"{self.wanted.kernel.signature.head}{back} {what}"
        assert self.use.density.declared is not None
        self.arena.note(self.arena.entitle(node, title), self.use.density.declared.body)
        found = self._read(node)
        if found is not node:
            self.arena.note(self.arena.entitle(found, f"{title} at {self._index()}"), self.use.density.declared.body)
        return found

    def _index(self) -> str:
        """What the step of the density is called."""
        match self.wanted.over:
            case Offset(index, _):
                return index
            case Step(number):
                return str(number)
            case End(back):
                return f"T minus {back}" if back else "T"

    def _normal(self, loc: ir.Node, scale: ir.Node) -> ir.Law:
        return self.make(ir.Law, self.label, "Normal", (("loc", loc), ("scale", scale)))
