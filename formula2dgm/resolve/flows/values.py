"""Values and log-determinants of functions: ``f(x)``, ``f^{-1}(z; y)``, ``\\log|\\det \\partial f / \\partial x|``.

Both are results of one call. The log-determinant of a value is the sum over the calls that lead to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import read_name
from formula2dgm.reading.numbered import composed
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.flows.volumes import is_derivative, under_determinant
from formula2dgm.resolve.values.functions import is_special, run, steps_of
from formula2dgm.resolve.values.matrices import log_abs_det
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def applied(evaluate: Evaluator, node: tree.Node, scope: Scope) -> ir.Node | None:
    """The value of an invertible or composed function at arguments; None for any other expression."""
    heads, call = composed(node)
    if call is None and isinstance(node, tree.Call):
        heads, call = (node.head,), node
    if call is None or not call.args:
        return None
    head = heads[0] if len(heads) == 1 else tree.Mul(heads, ("circ",) * (len(heads) - 1), span=node.span)
    steps = steps_of(evaluate.context, head)
    if steps is None and len(heads) > 1:
        return evaluate(_nested(evaluate.context, heads, call), scope)
    if steps is None or not is_special(evaluate.context, steps):
        return None
    below = scope.under(node, False)
    value, *given = (evaluate(each, below) for each in (*call.args, *(call.given or ())))
    return run(evaluate.context, steps, value, tuple(given), node, evaluate, scope, scored=False)[0]


def _nested(context: Context, heads: Sequence[tree.Node], call: tree.Call) -> tree.Call:
    """``f(g(x))`` of ``f \\circ g(x)``."""
    for head in heads:
        if not isinstance(head, tree.Symbol | tree.Power):
            hint = "write the functions out, f_2 \\circ f_1(x), or their number: f_K \\circ \\dots \\circ f_1(x); K = 3"
            raise context.refuse("F2D-0680", f"{head} is no function that is composed with others", head.span, hint)
    inner = replace(call, head=heads[-1])
    for head in reversed(heads[:-1]):
        inner = tree.Call(head, (inner,), span=call.span)
    return inner


# -- log-determinants --------------------------------------------------------------------------------------


def log_determinant(evaluate: Evaluator, argument: tree.Node, scope: Scope) -> ir.Node | None:
    """``log`` of ``argument`` where that is made of determinants of Jacobians; None for anything else."""
    make = evaluate.context.arena.make
    match argument:
        case tree.Power(base=base, exponent=exponent) if (inside := log_determinant(evaluate, base, scope)) is not None:
            if str(exponent) == "-1":
                return make(ir.Neg, inside)
            return make(ir.Mul, (evaluate(exponent, scope), inside))
        case tree.Mul(factors=factors) if all(_is_determinant(each) for each in factors):
            parts = [log_determinant(evaluate, each, scope) for each in factors]
            return make(ir.Add, tuple(each for each in parts if each is not None))
        case tree.Div(numerator=tree.Number("1"), denominator=below) if _is_determinant(below):
            inside = log_determinant(evaluate, below, scope)
            return None if inside is None else make(ir.Neg, inside)
        case tree.Evaluated(body=body, at=at) if all(isinstance(each, tree.Binds) for each in at):
            return log_determinant(evaluate, body, _at_values(evaluate, at, scope))
    matrix = under_determinant(argument)
    if isinstance(matrix, tree.Evaluated) and all(isinstance(each, tree.Binds) for each in matrix.at):
        scope, matrix = _at_values(evaluate, matrix.at, scope), matrix.body
    if (found := _of_bound_matrix(evaluate, argument, matrix, scope)) is not None:
        return found
    if matrix is None or not is_derivative(matrix):
        return None
    if not isinstance(argument, tree.Abs):
        evaluate.context.assume(f"log {argument} is the logarithm of the determinant's absolute value", argument.span)
    elif is_derivative(argument.body):
        evaluate.context.assume(f"{argument} is the absolute value of the Jacobian's determinant", argument.span)
    return _of_derivative(evaluate, matrix, scope)


def _of_bound_matrix(
    evaluate: Evaluator, argument: tree.Node, matrix: tree.Node | None, scope: Scope
) -> ir.Node | None:
    """``log|det W|`` and ``log|W|`` of a bound matrix."""
    context = evaluate.context
    matrix = argument.body if matrix is None and isinstance(argument, tree.Abs) else matrix
    found = None if matrix is None else log_abs_det(context, matrix, lambda each: evaluate(each, scope))
    if found is None:
        return None
    if not isinstance(argument, tree.Abs):
        context.assume(f"log {argument} is the logarithm of the determinant's absolute value", argument.span)
    elif argument.body == matrix:
        context.assume(f"{argument} is the absolute value of the determinant of {matrix}", argument.span)
    return found[1]


def _is_determinant(node: tree.Node) -> bool:
    """``|det ∂f/∂x|``, of whatever function, and powers of it."""
    if isinstance(node, tree.Power):
        return _is_determinant(node.base)
    inside = under_determinant(node)
    inside = inside.body if isinstance(inside, tree.Evaluated) else inside
    return inside is not None and is_derivative(inside)


def _at_values(evaluate: Evaluator, at: Sequence[tree.Node], scope: Scope) -> Scope:
    """The scope of what is read off at other values: ``|_{x = g(z)}``."""
    values: dict[str, ir.Node] = {}
    for each in at:
        if isinstance(each, tree.Binds) and isinstance(each.name, tree.Symbol):
            values[read_name(each.name, evaluate.context.model.indices).id] = evaluate(each.value, scope)
    return scope.bind(values)


def _of_derivative(evaluate: Evaluator, node: tree.Node, scope: Scope) -> ir.Node:
    """log|det| of one derivative, ``jac_x f(x)`` or ``J_f(x)``."""
    context = evaluate.context
    if isinstance(node, tree.Prefix | tree.Func):
        body = node.operand if isinstance(node, tree.Prefix) else node.args[0]
        by = _without_transpose(node.sub[0])
    else:
        body, by = _of_matrix(context, node)
    if not isinstance(body, tree.Call | tree.Mul) and steps_of(context, body) is not None:
        body = _written_call(context, body, by)
    below = scope.under(node, False)
    value, start = evaluate(body, below), evaluate(by, below)
    if isinstance(body, tree.Call) and body.args and _is_at(context, body.args[0], by):
        start = evaluate(body.args[0], below)
    parts = log_dets_between(context, start, value)
    if parts is None and (back := log_dets_between(context, value, start)) is not None:
        parts = [context.arena.make(ir.Neg, each) for each in back]
    if parts is None and _is_map_of(value, start):
        context.assume(f"the determinant of {node} is exact, by differentiation of every output", node.span)
        return context.arena.make(ir.LogDetJacobian, value, start)
    if parts is None:
        raise context.refuse(
            "F2D-0231",
            f"the determinant of this derivative is not known: {body} is no chain of functions applied to {by}",
            node.span,
            "differentiate a function by what it is applied to, f(x) by x, or define it so: z = f(x)",
        )
    if not parts:
        return context.const(0.0)
    return parts[0] if len(parts) == 1 else context.arena.make(ir.Add, tuple(parts))


def _is_map_of(value: ir.Node, start: ir.Node) -> bool:
    """Is the value computed of the other, example by example?"""
    shaped = start.event == "value" and value.event in ("value", "open")
    return shaped and value.axes == start.axes and bool(start.axes) and any(each is start for each in walk(value))


def _of_matrix(context: Context, node: tree.Node) -> tuple[tree.Node, tree.Node]:
    """The function of ``J_f(x)``, and what it is differentiated by."""
    head = node.head if isinstance(node, tree.Call) else node
    assert isinstance(head, tree.Symbol)
    function = head.sub[0]
    if isinstance(node, tree.Call) and node.args:
        return tree.Call(function, node.args, node.given, node.params, span=node.span), node.args[0]
    call = next(_calls_of(context, function), None)
    if call is None:
        raise context.refuse(
            "F2D-0231",
            f"{node} does not say where the Jacobian of {function} is taken",
            node.span,
            f"write J_{{{function}}}(x)",
        )
    return call, call.args[0]


def _written_call(context: Context, function: tree.Node, by: tree.Node) -> tree.Node:
    """The call of a function at a variable that the text writes; the plain call where it writes none."""
    plain = tree.Call(function, (by,), span=function.span)
    return next((each for each in _calls_of(context, function) if each.args[0] == by), plain)


def _calls_of(context: Context, function: tree.Node) -> Iterator[tree.Call]:
    roots = [*context.model.expressions(), *(each.body for each in context.model.densities)]
    return (each for root in roots for each in root.all(tree.Call) if each.head == function and each.args)


def _without_transpose(node: tree.Node) -> tree.Node:
    """``x`` of ``\\partial x^\\top``."""
    if isinstance(node, tree.Power) and str(node.exponent) in ("T", "top"):
        return node.base
    if isinstance(node, tree.Symbol) and [str(each) for each in node.sup] in (["T"], ["top"]):
        return tree.Symbol(node.letter, node.accents, node.sub, (), node.style, span=node.span)
    return node


def _is_at(context: Context, argument: tree.Node, by: tree.Node) -> bool:
    """Is the argument the variable itself, perhaps read at an index: ``f(x_i)`` by x?"""
    if argument == by:
        return True
    both = isinstance(argument, tree.Symbol) and isinstance(by, tree.Symbol)
    indices = context.model.indices
    return both and read_name(argument, indices) == read_name(by, indices)  # type: ignore[arg-type]


def log_dets_between(context: Context, start: ir.Node, value: ir.Node) -> list[ir.Node] | None:
    """The log-determinants of the calls that lead from one value to another; None where there is no such chain."""
    parts: list[ir.Node] = []
    while value is not start:
        if not isinstance(value, ir.Head) or value.call.method == "plain" or value.output != ir.VALUE:
            return None
        parts.append(context.arena.make(ir.Head, value.call, None, None, ir.LOG_DET))
        value = value.call.args[0]
    return list(reversed(parts))
