"""Values of other steps, first steps, windows and whole sequences, for all steps at once."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.codegen.alignment import Axes, spread
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.python import ATOM, Code, call
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis, merge

Expression = Callable[[Scope, ir.Node, Demand], Code]

#: The input that holds the lengths of sequences.
LENGTHS = "lengths"

OF_TIME = (
    ir.Lengths,
    ir.State,
    ir.Carrying,
    ir.FirstStep,
    ir.Shifted,
    ir.AtStep,
    ir.Picked,
    ir.Window,
    ir.Running,
    ir.LinearRecurrence,
    ir.Sequence,
    ir.Steps,
    ir.Prefix,
)


def of_time(scope: Scope, node: ir.Node, demand: Demand, expression: Expression) -> Code:
    """The value of a node of time, at all steps."""
    match node:
        case ir.Lengths():
            return Code(scope.arguments[LENGTHS])
        case ir.State(body):
            return expression(scope, body, "value")
        case ir.Carrying(body):
            return expression(scope, body, demand)
        case ir.Sequence(body, time) | ir.Prefix(body, time):
            before, wide = (tuple(axis for axis in each.axes if axis != time) for each in (body, node))
            return spread(whole(scope, body, time, expression), before, wide, full=True)
        case ir.Steps(body):
            return expression(scope, body, "value")
        case ir.AtStep(body, time, step, None):
            place = body.axes.index(time)
            return Code(f"{expression(scope, body, demand).within(ATOM)}[{':, ' * place}{step - 1}]")
        case ir.AtStep(body, time, step, ir.Node() as ends):
            code = spread(expression(scope, body, demand), body.axes, (*node.axes, time), full=True)
            own = aligned_ends(scope, ends, node.axes, expression)
            return call(scope.use("at_end"), code, str(len(node.axes)), str(-step), own)
        case ir.Picked(ir.Param() as body, time, position, _) if body.own == (time,):
            number = expression(scope, position, "number").within(ATOM)
            return Code(f"{expression(scope, body, demand).within(ATOM)}[{number}.long() - 1]", ATOM)
        case ir.Picked(body, time, position, _):
            code = spread(expression(scope, body, demand), body.axes, (*node.axes, time), full=True)
            drawn = spread(expression(scope, position, "number"), position.axes, node.axes, full=True)
            return call(scope.use("at_drawn"), code, str(len(node.axes)), drawn)
        case ir.Window():
            return _windowed(scope, node, expression)
        case ir.Running(op, body, time):
            steps = (
                expression(scope, body, demand)
                if time in body.axes
                else repeated(scope, body, time, demand, expression)
            )
            return call(f"torch.cum{op}", steps, str(node.axes.index(time)))
        case ir.LinearRecurrence(factor, rest, initial, time):
            parts = [_beside_steps(scope, each, node.axes, time, expression) for each in (factor, rest)]
            start = spread(expression(scope, initial, "number"), initial.axes, node.axes, full=bool(initial.axes))
            return call(scope.use("linear_recurrence"), *parts, start, str(node.axes.index(time)))
        case ir.Shifted(body, time, by, outside, ends):
            return shifted(scope, body, by, time, outside, demand, expression, ends)
        case ir.FirstStep(first, rest, time):
            return _first_then(scope, node, first, rest, demand, expression)
    raise TypeError(type(node).__name__)


def whole(scope: Scope, body: ir.Node, time: Axis, expression: Expression) -> Code:
    """All steps of a value, time the last of its axes."""
    if time in body.axes:
        return expression(scope, body, "value")
    return repeated(scope, body, time, "value", expression)


def repeated(scope: Scope, body: ir.Node, time: Axis, demand: Demand, expression: Expression) -> Code:
    """A value that is the same at all steps, at each of them."""
    code = expression(scope, body, demand)
    if is_python_number(body):
        code = call(f"{scope.use('tensor_of')}(self).new_tensor", code)
    return call(scope.use("repeated"), code, str(merge([body.axes, (time,)]).index(time)), scope.size(time))


def _beside_steps(scope: Scope, body: ir.Node, axes: Axes, time: Axis, expression: Expression) -> Code:
    """Numbers at every step, with all axes."""
    if time not in body.axes:
        return spread(repeated(scope, body, time, "number", expression), merge([body.axes, (time,)]), axes, full=True)
    return spread(expression(scope, body, "number"), body.axes, axes, full=True)


def _first_then(
    scope: Scope, node: ir.FirstStep, first: ir.Node, rest: ir.Node, demand: Demand, expression: Expression
) -> Code:
    """A value of the first step and one of all others."""
    own: Demand = "value" if node.event == "value" else demand if node.event == "open" else "number"
    both = [_beside(scope, each, other, node.axes, own, expression) for each, other in ((first, rest), (rest, first))]
    place = len(node.axes) - 1
    if is_python_number(first) and is_python_number(rest):
        like = f"{scope.use('tensor_of')}(self)"
        both = [call(f"{like}.new_tensor", f"[{each.text}]") for each in both]
    if scope.started and node.time not in rest.axes:
        both[0] = Code(f"{both[1].text} if start else {both[0].text}")
    joined = call(scope.use("first_then"), *both, str(place), scope.size(node.time))
    if scope.started and node.time in rest.axes:
        return Code(f"({both[1].text} if start else {joined.text})")
    return joined


def aligned_ends(scope: Scope, lengths: ir.Node, axes: Axes, expression: Expression) -> Code:
    """The lengths of sequences, with a dimension for each of the axes before time."""
    return spread(expression(scope, lengths, "number"), lengths.axes, axes, full=True)


def _windowed(scope: Scope, node: ir.Window, expression: Expression) -> Code:
    """The numbers in a window, 0 at every other step."""
    body, time, lengths, ends = node.body, node.time, node.lengths, [str(node.first), str(node.last)]
    within = time in body.axes
    code = expression(scope, body, "number") if within else repeated(scope, body, time, "number", expression)
    place = node.axes.index(time)
    if lengths is None:
        return call(scope.use("windowed"), code, str(place), *ends)
    wide = spread(code, merge([body.axes, (time,)]), node.axes, full=True)
    own = aligned_ends(scope, lengths, node.axes[:place], expression)
    return call(scope.use("windowed"), wide, str(place), *ends, own)


def shifted(
    scope: Scope,
    body: ir.Node,
    by: int,
    time: Axis,
    outside: ir.Node,
    demand: Demand,
    expression: Expression,
    lengths: ir.Node | None = None,
) -> Code:
    """A value some steps later, or before, and another where there is no such step."""
    own: Demand = "value" if body.event == "value" else demand if body.event == "open" else "number"
    own_axes = merge([body.axes, (time,)])
    axes = own_axes if lengths is None else merge([own_axes, lengths.axes])
    code = expression(scope, body, own) if time in body.axes else repeated(scope, body, time, own, expression)
    code = spread(code, own_axes, axes, full=True)
    place = axes.index(time)
    unstarted = outside.otherwise if isinstance(outside, ir.Start) else outside
    beyond = _beside(scope, unstarted, body, axes, own, expression)
    if isinstance(outside, ir.Start) and scope.started:
        key = f'"{outside.name}"'
        beyond = Code(f"start[{key}].unsqueeze({place}) if {key} in start else {beyond.text}")
    ends = [] if lengths is None else [aligned_ends(scope, lengths, axes[:place], expression)]
    return call(scope.use("shifted"), code, str(by), str(place), beyond, *ends)


def _beside(scope: Scope, node: ir.Node, like: ir.Node, axes: Axes, demand: Demand, expression: Expression) -> Code:
    """A value with a dimension for each axis; a number an example beside a vector with one for each of its own too."""
    code = expression(scope, node, "number" if node.event == "number" else demand)
    if is_python_number(node):
        return code
    if node.event == "number" and demand == "value" and not is_python_number(like):
        code = call(scope.use("over_event"), code, expression(scope, like, demand), str(len(like.axes)))
    return spread(code, node.axes, axes, full=True)


def over_window(scope: Scope, node: ir.Reduce, expression: Expression) -> Code | None:
    """What a reduction of the steps of a window reduces: ``f[:, 1:-1]`` in place of all; None where it is no such."""
    match node:
        case ir.Reduce(_, axis, ir.Window(body, time, first, last, None)) if axis == time and time in body.axes:
            ends = f"{first - 1 or ''}:{f'-{last}' if last else ''}"
            code = expression(scope, body, "number")
            return code if ends == ":" else Code(f"{code.within(ATOM)}[{':, ' * body.axes.index(time)}{ends}]")
        case ir.Reduce("prod" | "logsumexp" as op, axis, ir.Window() as window) if axis == window.time:
            code = expression(scope, window, "number")
            neutral = "1.0" if op == "prod" else 'float("-inf")'
            return Code(f"{code.text[:-1]}, outside={neutral})")
    return None


def mean_of_window(scope: Scope, node: ir.Reduce, expression: Expression) -> Code | None:
    """The mean over the steps that each sequence has in a window; None where it is no such mean."""
    match node:
        case ir.Reduce("mean", axis, ir.Window(lengths=ir.Node()) as window) if axis == window.time:
            whole = expression(scope, window, "number")
            return Code(f"{scope.use('mean_in_window')}{whole.text.removeprefix('windowed')}")
    return None


def at_step(code: Code, place: int, index: str) -> Code:
    """A tensor read at a step: ``x[:, t]``."""
    return Code(f"{code.within(ATOM)}[{':, ' * place}{index}]")


def stacked(steps: str, place: int) -> Code:
    """The steps of a loop as one tensor."""
    return call("torch.stack", steps, f"dim={place}")
