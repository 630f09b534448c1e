"""From nodes to Python expressions.

A tensor has the dimensions of its node's axes, in layout order, then the event's.  Where two nodes of different
axes meet, missing outer axes broadcast by themselves and missing inner ones become a dimension of 1.
"""

from __future__ import annotations

import re

from formula2dgm.codegen.alignment import Axes, spread
from formula2dgm.codegen.chains import filtered_states, of_chain
from formula2dgm.codegen.closed_forms import Done, divergence_form, log_density
from formula2dgm.codegen.copied import definitions
from formula2dgm.codegen.derivatives import derivative
from formula2dgm.codegen.entries import of_entries, products_of_entries
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.joined_sums import mean_of_squared_distance, mean_of_sum, summed_over
from formula2dgm.codegen.laws import facts, has_event, has_float, is_entry, settings
from formula2dgm.codegen.leaves import as_float, leaf, without_minus
from formula2dgm.codegen.linear_chains import filtered_by_kalman, kalman_log_prob
from formula2dgm.codegen.log_ratios import log_ratio_code, with_log_ratios
from formula2dgm.codegen.positions import read_at
from formula2dgm.codegen.powers import real_operands
from formula2dgm.codegen.python import (
    ATOM,
    POWER,
    UNARY,
    Code,
    call,
    method,
    negative,
    product,
    quoted,
    quotient,
    total,
)
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.scores import piece_of
from formula2dgm.codegen.time_values import OF_TIME, mean_of_window, of_time, over_window
from formula2dgm.codegen.uses import Demand
from formula2dgm.codegen.vectors import beside_vectors, matrix_product, of_vectors, over_event
from formula2dgm.ir import nodes as ir
from formula2dgm.registry.divergences import MEAN_FORMS
from formula2dgm.registry.functions import function, is_function

_SIMPLE = re.compile(r"[A-Za-z_][\w.]*|\d+(\.\d+)?")


def expression(scope: Scope, node: ir.Node, demand: Demand = "number") -> Code:
    """The value of a node, as a number for each position of its axes or with its event dimensions."""
    if node in scope.bound:
        code = scope.bound[node]
        if node.event == "open" and demand == "number" and not scope.is_number(node):
            return as_number(scope, code, node.axes, node)
        return code
    match node:
        case ir.Const() | ir.Hyper() | ir.Data() | ir.Size() | ir.Param() | ir.Index():
            return leaf(scope, node)
        case ir.LogStratumWeight(axis, examples):
            like = f"{scope.use('tensor_of')}(self)"
            return call(scope.use("log_stratum_weights"), scope.size(axis), expression(scope, examples), like)
        case ir.LogProb() | ir.Divergence() | ir.Entropy():
            return density(scope, node)
        case ir.LinearChain():
            return kalman_log_prob(scope, node, expression)
        case ir.LogProbAt(_, value, parts):
            numbers = [aligned(scope, each, node.axes, full=True) for each in parts]
            return call(scope.use("at_category"), aligned(scope, value, node.axes, "value", full=True), *numbers)
        case ir.Moment(law, kind):
            moment = str(getattr(facts(law), kind))
            return call(scope.use(moment), *with_event(scope, law, node.axes), *settings(law))
        case ir.Reduce():
            return reduction(scope, node, demand)
        case ir.Norm() | ir.Dot() | ir.EventSum() | ir.Pow(ir.Norm(order=2), ir.Const(2)):
            return over_event(scope, node, expression)
        case ir.MatMul(matrix, vector, turned):
            return matrix_product(scope, node, matrix, vector, turned, expression)
        case ir.LogDetJacobian() | ir.JacobianTrace() | ir.LogAbsDet() | ir.Grad():
            return derivative(scope, node, expression)
        case ir.Stack(body, axis):
            place, code = body.axes.index(axis), expression(scope, body)
            return code if place == len(body.axes) - 1 else method(code, "movedim", str(place), "-1")
        case ir.Entries(parts):
            numbers = [aligned(scope, each, node.axes, full=True) for each in parts]
            return call(scope.use("vector"), f"{scope.use('tensor_of')}(self)", *numbers)
        case ir.Choice(category, parts):
            values = [aligned(scope, each, node.axes, "value", full=True) for each in (category, *parts)]
            return call(scope.use("chosen"), str(len(node.axes)), *values)
        case ir.EventFunction() | ir.Entry() | ir.ArgMin() | ir.Nearest():
            return of_vectors(scope, node, expression)
        case ir.Along() | ir.Dimension():
            return of_entries(scope, node, expression)
        case ir.Component(value, position):
            return Code(f"{expression(scope, value, 'value').within(ATOM)}[..., {position - 1}]", ATOM)
        case ir.StopGrad(body) if is_python_number(body):
            return expression(scope, body, demand)
        case ir.StopGrad(body):
            return method(expression(scope, body, demand), "detach")
        case ir.At():
            return read_at(scope, node, demand, expression)
        case ir.ChainSum():
            return of_chain(scope, node, expression)
        case ir.ChainFilter():
            return filtered_states(scope, node, expression)
        case ir.LinearFilter():
            return filtered_by_kalman(scope, node, expression)
        case ir.Filtered(found, part):
            return Code(f"{expression(scope, found).within(ATOM)}[{('mean', 'root').index(part)}]", ATOM)
        case _ if isinstance(node, OF_TIME):
            return of_time(scope, node, demand, expression)
    return arithmetic(scope, node, demand)


def as_number(scope: Scope, code: Code, axes: Axes, node: ir.Node) -> Code:
    """A deterministic network's result, as one number for each position."""
    name = quoted(scope.network(node.call.network).label) if isinstance(node, ir.Head) else '"the network"'
    return call(scope.use("as_number"), code, str(len(axes)), name)


# -- densities -----------------------------------------------------------------------------------------


def parameters(scope: Scope, law: ir.Law, axes: Axes, value: ir.Node | None = None) -> list[Code]:
    """A law's parameters in the family's order, aligned to ``axes``, beside the value that it scores."""
    return [_parameter(scope, law, name, axes, value) for name in facts(law).parameters]


def _parameter(scope: Scope, law: ir.Law, name: str, axes: Axes, value: ir.Node | None) -> Code:
    """One parameter; a number that stands for a vector of the law's shape is filled in."""
    node, rank = dict(law.params)[name], facts(law).rank(name)
    if isinstance(node, ir.Const) and has_float(law):
        node = scope.program.arena.make(ir.Const, float(node.value))
    code = aligned(scope, node, axes, "number" if law.scalar else "value")
    if rank and is_python_number(node):
        return call(f"{scope.use('tensor_of')}(self).new_full", str(law.shape), code)
    if node.event == "number" and node.axes and not law.scalar and not rank and facts(law).elementwise:
        return beside_vectors(scope, law, value, node, axes, expression) or code
    return code


def with_event(scope: Scope, law: ir.Law, axes: Axes) -> list[Code]:
    """A law's parameters, the first of them filled to the declared event shape where none of them has it."""
    given = parameters(scope, law, axes)
    if has_event(scope.program, law):
        return given
    first, shape = dict(law.params)[facts(law).parameters[0]], law.shape or ()
    if is_python_number(first):
        given[0] = call(f"{scope.use('tensor_of')}(self).new_full", str(shape), given[0])
    else:
        given[0] = method(given[0], "expand", *map(str, shape))
    return given


def density(scope: Scope, node: ir.LogProb | ir.Divergence | ir.Entropy, kept: int | None = None) -> Code:
    """A log-density, divergence or entropy, entry by entry or summed over the event; and over the last axes too, where
    fewer of them are ``kept``."""
    lead = str(len(node.axes) if kept is None else kept)
    found, done = _density(scope, node, lead)
    return found if done == "summed" or is_entry(node) else call(scope.use("sum_event"), found, lead)


def _density(
    scope: Scope, node: ir.LogProb | ir.Divergence | ir.Entropy, lead: str, mean: bool = False
) -> tuple[Code, Done]:
    """The same as far as one library function computes it: with its sum, or with its ``mean`` over the batch."""
    axes = node.axes
    match node:
        case ir.LogProb(law, value):
            entries = scope.program.arena.make(ir.LogProb, law, value, True)
            if entries in scope.bound and not law.scalar:
                return expression(scope, entries, "value"), "entries"
            point = aligned(scope, value, axes, "number" if law.scalar else "value")
            return log_density(scope, node, point, parameters(scope, law, axes, value), lead, mean)
        case ir.Divergence(_, left, right, _, arguments):
            form, both_sides = divergence_form(node)
            first = parameters(scope, left, axes) if has_event(scope.program, right) else with_event(scope, left, axes)
            second = parameters(scope, right, axes) if both_sides else []
            given = [*first, *second, *(aligned(scope, each, axes) for each in arguments)]
            whole = MEAN_FORMS.get(form) if mean and not is_entry(node) else None
            return call(scope.use(whole or form), *given), "mean" if whole else "entries"
        case ir.Entropy(law):
            return call(scope.use(str(facts(law).entropy)), *with_event(scope, law, axes), *settings(law)), "entries"


# -- axes ----------------------------------------------------------------------------------------------


def aligned(scope: Scope, node: ir.Node, axes: Axes, demand: Demand = "number", full: bool = False) -> Code:
    """A node's value with a dimension of 1 for each axis it lacks; outer ones only if ``full``."""
    code = expression(scope, node, demand)
    return spread(code, node.axes, axes, full) if node.axes or full else code


def reduction(scope: Scope, node: ir.Reduce, demand: Demand) -> Code:
    """The node that removes an axis."""
    if (piece := piece_of(node)) is not None:
        return call(scope.use(piece.function), *(expression(scope, each) for each in piece.args), *piece.rest)
    if (mean := mean_of_window(scope, node, expression)) is not None:
        return mean
    for known in (_of_density, mean_of_squared_distance, products_of_entries, mean_of_sum):
        if (found := known(scope, node, expression)) is not None:
            return found
    body = over_window(scope, node, expression) or expression(scope, node.body, demand)
    place = str(node.body.axes.index(node.axis))
    if node.op == "logmeanexp":
        return call(scope.use("log_mean_exp"), body, place)
    if node.op == "logsumexp":
        return call("torch.logsumexp", body, place)
    only = node.body.axes == (node.axis,) and (node.body.event == "number" or demand == "number")
    operation = {"max": "amax", "min": "amin"}.get(node.op, node.op)  # torch's max along a dimension has two results
    return method(body, operation) if only else method(body, operation, place)


def _of_density(scope: Scope, node: ir.Reduce, _: object) -> Code | None:
    """The sum over the last axis of a density that is summed over its event, or its mean over the first, the others
    summed over: one sum over all."""
    body = summed_over(scope, node) if node.op == "mean" else node.body
    if not isinstance(body, ir.LogProb | ir.Divergence | ir.Entropy) or body in scope.bound or is_entry(body):
        return None
    if node.op == "sum" and len(body.axes) > 1 and body.axes[-1] == node.axis:
        return density(scope, body, len(body.axes) - 1)
    if node.op == "mean":
        found, done = _density(scope, body, "1", mean=True)
        if done != "summed":
            return found if done == "mean" else call(scope.use("mean_of_sums"), found)
    return None


# -- arithmetic ----------------------------------------------------------------------------------------


def arithmetic(scope: Scope, node: ir.Node, demand: Demand) -> Code:
    """Sums, products, powers and functions, and what gradients are estimated by."""
    if (piece := piece_of(node)) is not None:
        return call(scope.use(piece.function), *_operands(scope, node, piece.args, demand), *piece.rest)
    if (ratio := log_ratio_code(scope, node, parameters)) is not None:
        return ratio
    match node:
        case ir.Add(args):
            args = with_log_ratios(scope, args)
            bare = tuple(without_minus(scope, arg) for arg in args)
            signs = [body is not arg for body, arg in zip(bare, args, strict=True)]
            return total(list(zip(signs, _operands(scope, node, bare, demand), strict=True)))
        case ir.Mul(args):
            return product(_operands(scope, node, args, demand))
        case ir.Div(top, bottom):
            return quotient(*_operands(scope, node, (top, bottom), demand))
        case ir.Neg(body):
            return negative(expression(scope, body, demand))
        case ir.Pow(base, exponent):
            operands = _operands(scope, node, (as_float(scope, base, exponent), exponent), demand)
            left, right = real_operands(scope, node, *operands)
            tight = all(_SIMPLE.fullmatch(each) for each in (left.within(ATOM), right.within(UNARY).removeprefix("-")))
            operator = "**" if tight else " ** "
            return Code(f"{left.within(ATOM)}{operator}{right.within(UNARY)}", POWER)
        case ir.Apply(name, args):
            return _apply(scope, node, name, args, demand)
    raise TypeError(f"no expression for {type(node).__name__}")


def _apply(scope: Scope, node: ir.Node, name: str, args: tuple[ir.Node, ...], demand: Demand) -> Code:
    operands = _operands(scope, node, args, demand)
    if name == "logaddexp":
        return call("torch.logaddexp", *operands)
    if name in definitions() and not is_function(name):  # a change of parameters: from a variance to a scale
        return call(scope.use(name), *operands)
    fact = function(name)
    if fact.number and all(is_python_number(arg) for arg in args):
        return call(fact.number, *operands)
    if all(is_python_number(arg) for arg in args):
        tensor = f"{scope.use('tensor_of')}(self).new_tensor"
        operands = [call(tensor, each) for each in operands]
    return call(scope.use(fact.call) if fact.from_library else fact.call, *operands)


def _operands(scope: Scope, node: ir.Node, args: tuple[ir.Node, ...], demand: Demand) -> list[Code]:
    """The operands of an elementwise operation, aligned so that they broadcast."""
    own: Demand = "value" if node.event == "value" else demand if node.event == "open" else "number"
    wanted = ["number" if arg.event == "number" else own for arg in args]
    codes = [aligned(scope, arg, node.axes, want) for arg, want in zip(args, wanted, strict=True)]
    if own == "number":
        return codes
    values = [i for i, arg in enumerate(args) if arg.event != "number"]
    plain = [i for i in values if _SIMPLE.fullmatch(expression(scope, args[i], own).text)]
    if not values:
        return codes
    like = (plain or values)[0]
    for i, arg in enumerate(args):
        if arg.event == "number" and arg.axes:
            lead = str(len(args[like].axes))
            number = call(scope.use("over_event"), expression(scope, arg), expression(scope, args[like], own), lead)
            codes[i] = spread(number, arg.axes, node.axes)
    return codes
