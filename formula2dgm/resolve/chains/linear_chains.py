r"""Integrals over all paths of a linear-Gaussian state, exactly: ``\log \int p(z_1) \prod_t p(z_t|z_{t-1}) ... dz``.

p(z_t|z_{t-1}) = N(A z_{t-1} + b, Q),  p(x_t|z_t) = N(C z_t + d, R):  \sum_t \log p(x_t|x_{<t}) of a Kalman filter
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.linear_chains import LinearChain
from formula2dgm.ir.rewrite import rewrite
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import read_name
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.chains.factors import step
from formula2dgm.resolve.chains.gaussian import ByMatrix, linear_in
from formula2dgm.resolve.chains.joints import marginal
from formula2dgm.resolve.chains.linear_defaults import Written, enter_defaults
from formula2dgm.resolve.chains.linear_factors import LinearFactors, family_of, is_finite
from formula2dgm.resolve.chains.paths import Paths, paths_of
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.densities.families import family_law, variable_shape
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.densities.lookup import find_use
from formula2dgm.resolve.distributions.ways import reads
from formula2dgm.resolve.sequences.recurrences import initial
from formula2dgm.resolve.sequences.timeline import step_key
from formula2dgm.resolve.sequences.windows import in_window
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator

#: The families that a filter takes.
FAMILIES = ("Normal", "MultivariateNormal")


def log_of_linear_chain(evaluate: Evaluator, argument: tree.Node, scope: Scope) -> ir.Node | None:
    """The logarithm of an integral over all paths of a state, or of a marginal ``p(x_{1:T})`` that is one; None for
    anything else, and for the marginal of a finite state."""
    context = evaluate.context
    paths = _paths(context, argument)
    if paths is None or context.time is None:
        return None
    if not is_finite(context, paths):
        return _Filter(evaluate, LinearFactors.read(context, paths), argument, scope.under(argument, False)).log()
    if isinstance(argument, tree.Integral):
        return evaluate.log(tree.Big("sum", argument.variables, None, argument.body, False, span=argument.span), scope)
    return None


def _paths(context: Context, node: tree.Node) -> Paths | None:
    """The paths that an integral or a marginal is over."""
    if isinstance(node, tree.Call):
        summed = marginal(context, node)
        node = tree.Integral(summed.body, summed.binders, span=node.span) if summed is not None else node
    if not isinstance(node, tree.Integral) or node.lower is not None or len(node.variables) != 1:
        return None
    paths = paths_of(tree.Big("sum", node.variables, None, node.body, False, span=node.span))
    return replace(paths, node=node) if paths is not None else None


class _Filter:
    """A chain that is being evaluated: its laws, in which the state is a value of its own."""

    def __init__(self, evaluate: Evaluator, chain: LinearFactors, written: tree.Node, scope: Scope):
        self.evaluate, self.context, self.make = evaluate, evaluate.context, evaluate.make
        self.chain, self.paths, self.written = chain, chain.paths, written
        assert self.context.time is not None
        self.time = _free(self.context.time.axis, scope)
        self.name = read_name(chain.paths.state, self.context.model.indices)
        indices = {**scope.indices, **dict.fromkeys(self.context.time.indices, self.time)}
        self.scope = replace(scope, indices=indices)
        shape = variable_shape(self.context, self.name)
        number = self.context.const
        params = (("loc", number(0.0)), ("scale", number(1.0)))
        law = self.make(ir.Law, str(chain.paths.state), "Normal", params, shape)
        self.state: ir.Node = self.make(ir.Draw, law, f"{self.name.id} integrated")

    def log(self) -> ir.Node:
        """The sum over the steps of the log-densities of the observations given those before."""
        matrix, motion = self.linear(self.chain.motion, -1, default=self.context.const(0.0))
        loading, emission = self.linear(self.chain.emission, 0)
        observed = self._observed()
        value, start = self.evaluate(observed, self.scope), self.start()
        if self.time not in value.axes:
            raise self._not_linear(observed.span, f"{observed} is not read at the steps of the chain")
        self.context.assume(
            f"{self.written} is known in closed form, by a Kalman filter: all densities are Normal, and the means are "
            "linear",
            self.written.span,
        )
        parts = (value, start, matrix, motion, loading, emission, self.time, self.chain.before)
        steps = self.make(LinearChain, self.name.id, *parts)
        self.context.arena.note(steps, self.written)
        within = in_window(self.context, steps, self.time, (1, 0))
        return self.make(ir.Reduce, "sum", self.time, within, origin=self.written)

    def start(self) -> ir.Law:
        """The law of the first state; what is known of the one before the first, a law without spread."""
        if self.chain.start is None:
            symbol = self.paths.at(step(self.time.name, -1, self.paths.node))
            name = read_name(symbol, self.context.model.indices)
            value = initial(self.context, name, symbol, self.scope, self.evaluate)
            params = (("loc", value), ("scale", self.context.const(0.0)))
            return self.make(ir.Law, f"{self.name.id}_{self.paths.start - 1}", "Normal", params)
        law = self.law(self.chain.start, {})
        if self.time in law.axes:
            raise self._not_linear(self.chain.start.span, f"{law.label} depends on the step")
        return law

    def linear(self, call: tree.Call, lag: int, default: ir.Node | None = None) -> tuple[ir.Node, ir.Law]:
        """The map of a density's mean, and its law where the state that it is given is zero."""
        symbol = self.paths.at(step(self._index(), lag, call))
        name = read_name(symbol, self.context.model.indices)
        law = self.law(call, {step_key(name): self.state, self.name.id: self.state})
        read = self.make(ir.Data, self.name.id, ())
        arena = self.context.arena
        law = rewrite(arena, law, lambda each: read if each is self.state else each)  # type: ignore[assignment]
        params = dict(law.params)
        mean = params.pop("loc")
        if any(reads(each, self.name.id) for each in params.values()):
            raise self._not_linear(call.span, f"the covariance of {law.label} depends on {self.paths.state}")
        if not reads(mean, self.name.id) and default is not None:
            return default, law
        found = linear_in(mean, self.name.id)
        if found is None:
            raise self._not_linear(call.span, f"the mean of {law.label} is not linear in {symbol}")
        rest = self._sum(found.rest)
        kept = tuple((key, rest if key == "loc" else each) for key, each in law.params)
        return _map(self, found), self.make(ir.Law, law.label, law.family, kept, law.shape, law.scalar, law.options)

    def law(self, call: tree.Call, values: dict[str, ir.Node]) -> ir.Law:
        """The law of a factor, which is Normal: a density, or a family written in its place."""
        context, inside = self.context, self.scope.bind(values)
        if is_written_family(call):
            family, label = registry.family_by_spelling(spelling(call.head)), str(call)
            self._need_normal(call, label, family.name if family else None)
            if isinstance(call.args[0], tree.Symbol):
                name = read_name(call.args[0], context.model.indices)
                enter_defaults(context, Written(label, name, call.params or call.given or ()), self.name, call.span)
            return family_law(context, call, None, inside, self.evaluate)
        use = find_use(context, call)
        declared, label = use.density.declared, use.density.label
        over = use.density.signature.variables[0]
        self._need_normal(call, label, family_of(use.density))
        if over is not None and declared is not None and isinstance(declared.body, tree.Call):
            arguments = declared.body.params or declared.body.given or declared.body.args
            enter_defaults(context, Written(label, over, arguments), self.name, call.span)
        law = law_of(context, use, inside, self.evaluate)
        self._need_normal(call, label, law.family)
        return law

    def _need_normal(self, call: tree.Call, label: str, family: str | None) -> None:
        if family is not None and family not in FAMILIES:
            article = "an" if family[0] in "AEIOU" else "a"
            raise self._not_linear(call.span, f"{label} is {article} {family}, not a Normal")

    def _observed(self) -> tree.Symbol:
        """What the emission is over."""
        call = self.chain.emission
        slots = call.args[:1] if is_written_family(call) else find_use(self.context, call).variables
        if len(slots) != 1 or not isinstance(slots[0], tree.Symbol):
            raise self._not_linear(call.span, f"{call} is over several variables, or a value")
        return slots[0]

    def _index(self) -> str:
        """The index that the factors are read at."""
        found = (
            each.letter
            for slot in self.chain.emission.walk()
            if (place := self.paths.step_of(slot)) is not None
            for each in place.all(tree.Symbol)
        )
        return next(found, self.time.name)

    def _sum(self, nodes: Sequence[ir.Node]) -> ir.Node:
        if not nodes:
            return self.context.const(0.0)
        return nodes[0] if len(nodes) == 1 else self.make(ir.Add, tuple(nodes))

    def _not_linear(self, span: Span, why: str) -> Refused:
        z = self.paths.whole
        return self.context.refuse(
            "F2D-0457",
            f"the integral over {z} has no closed form: {why}",
            span,
            f"write a bound of it: \\mathbb{{E}}_{{q({z.latex()}|x_{{1:T}})}}[\\log p(x_{{1:T}}, {z.latex()}) - "
            f"\\log q({z.latex()}|x_{{1:T}})]",
        )


def _map(filtered: _Filter, found: object) -> ir.Node:
    """The matrix, or the product of what the entries are multiplied by."""
    if isinstance(found, ByMatrix):
        return found.matrix
    factors: tuple[ir.Node, ...] = found.factors  # type: ignore[attr-defined]
    if not factors:
        return filtered.context.const(1.0)
    return factors[0] if len(factors) == 1 else filtered.make(ir.Mul, factors)


def _free(axis: Axis, scope: Scope) -> Axis:
    """The axis of all steps, under another name where a sum over them is around this place."""
    while axis in scope.indices.values():
        axis = replace(axis, name=axis.name + "'")
    return axis
