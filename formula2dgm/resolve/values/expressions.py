"""From settled syntax to nodes: what each expression computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from formula2dgm.completion.densities.class_sums import ClassSum
from formula2dgm.completion.densities.codes import Code
from formula2dgm.completion.flows.coupled import Coupled
from formula2dgm.completion.flows.symbols import AlongPath, Moving
from formula2dgm.completion.names.of_examples import SIZE, IsAnother, OfExample
from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import read_name
from formula2dgm.reading.numbers import value_of
from formula2dgm.reading.written_families import is_family_at_value
from formula2dgm.resolve.calculus.gradients import gradient, jacobian
from formula2dgm.resolve.calculus.traces import divergence_of_field, trace
from formula2dgm.resolve.chains.sums import over_paths
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.densities.families import names_network
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.divergences.entropies import entropy
from formula2dgm.resolve.divergences.functionals import divergence
from formula2dgm.resolve.divergences.sampled import Computed
from formula2dgm.resolve.draws.coupled import coupled
from formula2dgm.resolve.flows.maps import integral_along
from formula2dgm.resolve.flows.values import applied, log_determinant
from formula2dgm.resolve.operators.integrals import as_operator, between_numbers
from formula2dgm.resolve.operators.mixtures import under_components
from formula2dgm.resolve.operators.operators import close, open_expectation
from formula2dgm.resolve.operators.other_examples import another, of_example
from formula2dgm.resolve.operators.randomness import linear_factors, note_bias
from formula2dgm.resolve.operators.sums import open_sum
from formula2dgm.resolve.sequences.overshooting import written_out
from formula2dgm.resolve.sequences.running import running
from formula2dgm.resolve.statements.outputs import OutputOf, output_of
from formula2dgm.resolve.statements.scales import is_logistic
from formula2dgm.resolve.values.applied_networks import network
from formula2dgm.resolve.values.arguments import refuse_wrong_arguments
from formula2dgm.resolve.values.code_values import code
from formula2dgm.resolve.values.density_values import refuse_density_beside_vector
from formula2dgm.resolve.values.entry_axes import counts_entries, dimension, entries_at
from formula2dgm.resolve.values.exponential_sums import class_sum
from formula2dgm.resolve.values.frozen_groups import held, plain_call
from formula2dgm.resolve.values.known_functions import called, component, entry_at, known
from formula2dgm.resolve.values.logarithms import is_density, log_density, logarithm, written
from formula2dgm.resolve.values.products import multiplied, raised
from formula2dgm.resolve.values.single_draws import refuse_single_summands
from formula2dgm.resolve.values.spreads import spread
from formula2dgm.resolve.values.variables import variable
from formula2dgm.syntax import tree

T = TypeVar("T")


class Evaluator:
    """Evaluates expressions of one resolution; ``evaluator(node, scope)`` is the node's value."""

    def __init__(self, context: Context):
        self.context = context
        self.make = context.arena.make

    def __call__(self, node: tree.Node, scope: Scope) -> ir.Node:
        value = self._value(node, scope)
        self.context.arena.note(value, node)
        return value

    def _value(self, node: tree.Node, scope: Scope) -> ir.Node:
        match node:
            case Computed(compute):
                return compute(scope)
            case OutputOf():
                return output_of(self, node, scope)
            case tree.Number():
                return self.context.const(value_of(node))
            case Code():
                return code(self, node, scope)
            case IsAnother():
                return another(self.context, node, scope)
            case Coupled():
                return coupled(self, node, scope)
            case Moving() if node.key in scope.values:
                return scope.values[node.key]
            case AlongPath():
                return integral_along(self, self.context, node, scope.under(node))
            case tree.Symbol():
                return variable(self.context, node, scope, self)
            case tree.Add(terms):
                values = tuple(self.each(lambda term: self(term, scope.under(node)), terms))
                refuse_single_summands(self.context, terms, values)
                return self.make(ir.Add, values)
            case tree.Neg(body):
                return self.make(ir.Neg, self(body, scope.under(node)))
            case tree.Mul():
                return multiplied(self, node, scope)
            case tree.Div(top, bottom):
                linear = linear_factors(self.context, (top, bottom))[0]
                over, under = self(top, scope.under(node, linear)), self(bottom, scope.under(node, False))
                if isinstance(under, ir.Const) and under.value == 0:
                    raise self.context.refuse("F2D-0220", f"{node} divides by zero", bottom.span)
                note_bias(self.context, node, bottom, under, scope)
                return self.make(ir.Div, over, under)
            case tree.Power():
                return raised(self, node, scope)
            case tree.Sqrt(body, None):
                squared = self(body, scope.under(node, False))
                note_bias(self.context, node, body, squared, scope)
                return self.make(ir.Apply, "sqrt", (squared,))
            case tree.Abs() if (inside := log_determinant(self, node, scope.under(node, False))) is not None:
                return self.make(ir.Apply, "exp", (inside,))
            case tree.Abs(body):
                return self.make(ir.Apply, "abs", (self(body, scope.under(node, False)),))
            case tree.Norm(body, order):
                value, power = self(body, scope.under(node, False)), self._order(order)
                if value.event == "number":
                    return self.make(ir.Apply, "abs", (value,))
                refuse_density_beside_vector(self.context, body, value)
                return self.make(ir.Norm, value, power)
            case OfExample():
                return of_example(self, node, scope)
            case tree.Indexed(body, (tree.Number(text),)) if text.isdigit():
                return component(self, node, int(text), scope.under(node, False))
            case tree.Indexed(_, (tree.Symbol() as index,)) if counts_entries(index, scope):
                return entries_at(self, node, index, scope)
            case tree.Indexed(_, (tree.Symbol(),)):
                return entry_at(self, node, scope.under(node, False))
            case tree.Call():
                return self._call(node, scope)
            case ClassSum():
                return class_sum(self, node, scope)
            case tree.Func(name, args, sub, total):
                return self._function(node, name, args, sub, scope, total)
            case tree.Prefix(name, operand, sub, total):
                return self._function(node, name, (operand,), sub, scope, total)
            case tree.Expect():
                return self._expectation(node, scope)
            case tree.Big():
                return self._big(node, scope)
            case tree.Divergence():
                return divergence(self.context, node, scope, self)
            case tree.Labelled(body, _):
                return self(body, scope.under(node))
        if isinstance(node, tree.Integral):
            if (closed := between_numbers(self, node, scope)) is not None:
                return closed
            return self(as_operator(self, node, scope), scope)
        raise self.context.refuse("F2D-0212", f"{node} is no value here", node.span)

    def each(self, evaluate: Callable[[tree.Node], T], nodes: Sequence[tree.Node]) -> list[T]:
        """Evaluate several nodes; those that are refused do not hide the errors of the others."""
        values, refused = [], None
        for node in nodes:
            try:
                values.append(evaluate(node))
            except Refused as error:
                refused = error
        if refused is not None:
            raise refused
        return values

    def _order(self, order: tree.Node | None) -> float:
        if order is None:
            return 2.0
        if isinstance(order, tree.Number):
            return float(order.text)
        if isinstance(order, tree.Infinity):
            return float("inf")
        raise self.context.refuse("F2D-0214", f"the norm's order {order} is no number", order.span, "write ||x||_2")

    # -- calls -----------------------------------------------------------------------------------------

    def _call(self, node: tree.Call, scope: Scope) -> ir.Node:
        """A density at values (its probability), a network, or the logistic function."""
        density = is_density(self.context, node) and not (scope.argument and names_network(self.context, node))
        if not density and (plain := plain_call(self.context, node)) is not None:
            values = [self(each, scope.under(node, False)) for each in (*node.args, *(node.given or ()))]
            return held(self.context, node, self._call(plain, scope), values)
        if (value := applied(self, node, scope)) is not None:
            return value
        head = node.head
        if isinstance(head, tree.Power):
            inner = tree.Call(head.base, node.args, node.given, node.params, span=node.span)
            return self.make(ir.Pow, self(inner, scope.under(node, False)), self(head.exponent, scope))
        assert isinstance(head, tree.Symbol)
        if is_family_at_value(node):
            return self.make(ir.Apply, "exp", (self.log(node, scope),))
        if density:
            return self.make(ir.Apply, "exp", (self.log_density(node, scope),))
        name = read_name(head, self.context.model.indices, head=True)
        if is_logistic(self.context, node):
            self.context.assume("sigma(...) is the logistic function", head.span)
            return self.make(ir.Apply, "sigmoid", (self(node.args[0], scope.under(node, False)),))
        if name.full in self.context.model.definitions and name.full not in self.context.resolving:
            return variable(self.context, head, scope, self)
        if (value := called(self, node, scope)) is not None:
            return value
        below = scope.under(node, False)
        args = tuple(self._argument(each, below) for each in (*node.args, *(node.given or ())))
        return network(self.context, head, args, node, scope)

    def _argument(self, node: tree.Node, scope: Scope) -> ir.Node:
        """An argument of a network: a value, or a tuple of values, ``(h, c)``."""
        if not isinstance(node, tree.Tuple):
            return self(node, scope)
        return self.make(ir.Pair, tuple(self._argument(each, scope) for each in node.items), origin=node)

    def log_written(self, use: Use, scope: Scope) -> ir.Node:
        """The log-density of an expression, its parameters held constant where the place of use says so."""
        return written(self, use, scope)

    def log_density(self, node: tree.Call, scope: Scope, stopped: bool = False) -> ir.Node:
        """``log p(x, z | y)``; ``stopped``: no gradient passes through the densities' parameters."""
        return log_density(self, node, scope, stopped)

    # -- functions -------------------------------------------------------------------------------------

    def _function(
        self,
        node: tree.Node,
        name: str,
        args: tuple[tree.Node, ...],
        sub: tuple[tree.Node, ...],
        scope: Scope,
        total: bool = False,
    ) -> ir.Node:
        """A known function; ``node`` is where it stands, with brackets or without."""
        if name == SIZE:
            return dimension(self, args[0], scope)
        refuse_wrong_arguments(self.context, node, name, len(args), sub)
        below = scope.under(node, False)
        match name:
            case "log":
                value = self.log(args[0], below)
                note_bias(self.context, node, args[0], value, scope)
                return value
            case "H":
                return entropy(self.context, node, args, scope, self)
            case "sg" | "stopgrad" | "detach":
                return self.make(ir.StopGrad, self(args[0], scope.under(node)))
            case "grad":
                return gradient(self.context, node, args[0], sub, scope, self)
            case "jac":
                return jacobian(self.context, node, args[0], sub, scope, self, total)
            case "partial" if sub:
                return jacobian(self.context, node, args[0], sub, scope, self)
            case "tr":
                return trace(self, node, args, scope)
            case "div":
                return divergence_of_field(self, node, args[0], sub, scope)
            case "mean" | "sum":
                return self._over_batch(name, self(args[0], scope.under(node)))
            case "var" | "std":
                return spread(self, node, name, args, sub, scope)
        return known(self, node, name, args, sub, below)

    def log(self, argument: tree.Node, scope: Scope) -> ir.Node:
        """``log``: of a product, ratio or power of densities it is a sum of log-densities."""
        return logarithm(self, argument, scope)

    def _over_batch(self, operation: str, body: ir.Node) -> ir.Node:
        for axis in [axis for axis in body.axes if axis.kind == "batch"]:
            body = self.make(ir.Reduce, operation, axis, body)
        return body

    # -- operators -------------------------------------------------------------------------------------

    def _expectation(self, node: tree.Expect, scope: Scope) -> ir.Node:
        if (components := under_components(self.context, node)) is not None:
            return self(components, scope)
        opened = open_expectation(self.context, node, scope, self)
        return close(self.context, opened, self(node.body, opened.scope))

    def _big(self, node: tree.Big, scope: Scope) -> ir.Node:
        if (paths := over_paths(self, node, scope)) is not None:
            return paths
        if (terms := written_out(self.context, node, scope)) is not None:
            parts = tuple(each.closed(self.context, self(each.body, scope.under(node))) for each in terms)
            return parts[0] if len(parts) == 1 else self.make(ir.Add, parts, origin=node)
        if (steps := running(self, node, scope)) is not None:
            return steps
        opened = open_sum(self.context, node, scope, self)
        return close(self.context, opened, self(node.body, opened.scope))
