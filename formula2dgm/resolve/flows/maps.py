r"""What an equation ``dz/dt = f(z, t)`` takes a value to, the log-determinant of that, and integrals on the way.

\frac{d}{dt} \log p(z(t)) = -\mathrm{tr}\left(\frac{\partial f}{\partial z}\right)

Chen et al. 2018, "Neural ordinary differential equations", theorem 1. The path is walked by classical Runge-Kutta steps
of one size, and gradients pass through all of them.
"""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.completion.flows.symbols import AlongPath, FlowMap
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import depends, walk
from formula2dgm.resolve.calculus.traces import trace_by
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.syntax import tree

Evaluate = Callable[[tree.Node, Scope], ir.Node]


def follow(
    context: Context,
    flow: FlowMap,
    inverted: bool,
    value: ir.Node,
    evaluate: Evaluate,
    scope: Scope,
    scored: bool,
) -> tuple[ir.Node, ir.Node | None]:
    """The state at the other end of a path that begins in a value, and (``scored``) the log-determinant of that
    function; what the equation made the value of is not computed again."""
    if isinstance(value, ir.Solution):
        back = _solution(context, flow, not inverted, value.state.start, evaluate, scope)
        if back is value:
            log_det = _log_det(context, flow, back, evaluate, scope) if scored else None
            return back.state.start, log_det and context.arena.make(ir.Neg, log_det)
    path = _solution(context, flow, inverted, value, evaluate, scope)
    return path, _log_det(context, flow, path, evaluate, scope) if scored else None


def integral_along(evaluate: Evaluate, context: Context, node: AlongPath, scope: Scope) -> ir.Node:
    """The integral of a number along a path."""
    head = node.path.head
    flow = head.base if isinstance(head, tree.Power) else head
    assert isinstance(flow, FlowMap)
    start = evaluate(node.path.args[0], scope)
    path = _solution(context, flow, flow is not head, start, evaluate, scope)
    body = evaluate(node.body, _inside(flow, path, scope))
    if body.event == "value":
        raise context.refuse(
            "F2D-0534",
            f"{node} is of a vector; integrals along the path of {flow.said} are of numbers",
            node.body.span,
            "integrate a norm, a trace or another number",
        )
    _refuse_random(context, flow, path, body, node.body)
    integral = context.arena.make(ir.PathIntegral, path, body)
    return integral if node.forward else context.arena.make(ir.Neg, integral)


def _solution(
    context: Context, flow: FlowMap, inverted: bool, value: ir.Node, evaluate: Evaluate, scope: Scope
) -> ir.Solution:
    """The path from a value at one end to the other end."""
    make = context.arena.make
    begin, end = evaluate(flow.begin, scope), evaluate(flow.end, scope)
    for time, place in ((begin, flow.begin), (end, flow.end)):
        if time.event != "number" or time.axes:
            raise context.refuse(
                "F2D-0535",
                f"{place} is no number that all examples share, and {flow.said} is solved from one time to another",
                place.span,
                "say what it is, t_1 = 1, or bind it to a number",
            )
    if inverted:
        begin, end = end, begin
    state = make(ir.PathPoint, flow.state.letter, value, False)
    time = make(ir.PathPoint, flow.time.letter, value, True)
    inner = scope.under(flow, False).bind({flow.state.key: state, flow.time.key: time})
    right = evaluate(flow.right, inner)
    if state.event != "number" and right.event == "number":
        raise context.refuse(
            "F2D-0534",
            f"the right side of {flow.said} is one number, and {flow.state} is a vector",
            flow.right.span,
            "write a network or a vector on the right side",
        )
    more = [axis for axis in right.axes if axis not in value.axes]
    if more:
        raise context.refuse(
            "F2D-0534",
            f"the right side of {flow.said} varies along {more[0]}, and where {flow.state} starts does not",
            flow.right.span,
            "let it depend on what its first value depends on",
        )
    steps = context.options.solver_steps
    path = make(ir.Solution, right, state, time, begin, end, steps)
    context.arena.entitle(path, flow.names[0 if inverted else 1])
    _refuse_random(context, flow, path, right, flow.right)
    context.assume(
        f"{flow.said} is solved in {steps} Runge-Kutta steps (solver_steps={steps}), and gradients pass through them",
        flow.span,
    )
    return path


def _inside(flow: FlowMap, path: ir.Solution, scope: Scope) -> Scope:
    """The scope at a point of a path."""
    return scope.under(flow, False).bind({flow.state.key: path.state, flow.time.key: path.time})


def _log_det(context: Context, flow: FlowMap, path: ir.Solution, evaluate: Evaluate, scope: Scope) -> ir.Node:
    """The integral of the trace along a path, or of the estimate of it that the text writes."""
    make = context.arena.make
    if flow.change is None and path in context.traces:
        rate = context.traces[path]
    elif flow.change is not None:
        change = evaluate(flow.change, _inside(flow, path, scope))
        rate = change.body if isinstance(change, ir.Neg) else make(ir.Neg, change)
    elif path.state.event == "number":
        rate = make(ir.Grad, path.field, path.state)
    else:
        said = f"the trace of the derivative of {flow.right} by {flow.state}"
        rate = trace_by(context, said, path.field, path.state, str(flow.state), flow.span)
    context.traces[path] = rate
    _refuse_random(context, flow, path, rate, flow.right)
    return make(ir.PathIntegral, path, rate)


def _refuse_random(context: Context, flow: FlowMap, path: ir.Solution, node: ir.Node, place: tree.Node) -> None:
    """Nothing is drawn anew on the way: a path is a function of where it starts."""
    moving = frozenset((path.state, path.time))
    for each in walk(node):
        if isinstance(each, ir.Draw) and not depends((each,), moving) and each not in walk(path.state.start):
            context.assume(f"{each.site} is drawn once, and stays the same along the path of {flow.said}", flow.span)
        random = isinstance(each, ir.Draw) or (isinstance(each, ir.NetCall) and _is_stochastic(context, each))
        if random and depends((each,), moving):
            assert isinstance(each, ir.Draw | ir.NetCall)
            what = context.network(each.network).label if isinstance(each, ir.NetCall) else each.site
            raise context.refuse(
                "F2D-0536",
                f"{what} is random, and is computed anew at every point of the path of {flow.said}",
                place.span,
                "leave random layers out of it; write noise as an equation in differentials, + g(t) dw",
            )


def _is_stochastic(context: Context, call: ir.NetCall) -> bool:
    """Has what is bound to the network random layers?"""
    key = context.network(call.network).binding
    bound = [each for each in context.named.values.values() if key is not None and each.key.text == key[0]]
    return any(getattr(each.value, "stochastic", False) for each in bound)
