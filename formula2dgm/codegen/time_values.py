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

OF_TIME = (
    ir.State,
    ir.Carrying,
    ir.FirstStep,
    ir.Shifted,
    ir.AtStep,
    ir.Window,
    ir.Sequence,
    ir.Steps,
    ir.Prefix,
)


def of_time(scope: Scope, node: ir.Node, demand: Demand, expression: Expression) -> Code:
    """The value of a node of time, at all steps."""
    match node:
        case ir.State(body):
            return expression(scope, body, "value")
        case ir.Carrying(body):
            return expression(scope, body, demand)
        case ir.Sequence(body, time) | ir.Prefix(body, time):
            return whole(scope, body, time, expression)
        case ir.Steps(body):
            return expression(scope, body, "value")
        case ir.AtStep(body, time, step):
            place = body.axes.index(time)
            return Code(f"{expression(scope, body, demand).within(ATOM)}[{':, ' * place}{step - 1}]")
        case ir.Window(body, time, first, last):
            within = time in body.axes
            code = expression(scope, body, "number") if within else repeated(scope, body, time, "number", expression)
            return call(scope.use("windowed"), code, str(node.axes.index(time)), str(first), str(last))
        case ir.Shifted(body, time, by, outside):
            return shifted(scope, body, by, time, outside, demand, expression)
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


def _first_then(
    scope: Scope, node: ir.Node, first: ir.Node, rest: ir.Node, demand: Demand, expression: Expression
) -> Code:
    """A value of the first step and one of all others."""
    own: Demand = "value" if node.event == "value" else demand if node.event == "open" else "number"
    both = [_beside(scope, each, other, node.axes, own, expression) for each, other in ((first, rest), (rest, first))]
    place = len(node.axes) - 1
    if is_python_number(first) and is_python_number(rest):
        like = f"{scope.use('tensor_of')}(self)"
        both = [call(f"{like}.new_tensor", f"[{each.text}]") for each in both]
    return call(scope.use("first_then"), *both, str(place), scope.size(node.axes[place]))


def shifted(
    scope: Scope, body: ir.Node, by: int, time: Axis, outside: ir.Node, demand: Demand, expression: Expression
) -> Code:
    """A value some steps later, or before, and another where there is no such step."""
    own: Demand = "value" if body.event == "value" else demand if body.event == "open" else "number"
    code = expression(scope, body, own)
    beyond = _beside(scope, outside, body, body.axes, own, expression)
    return call(scope.use("shifted"), code, str(by), str(body.axes.index(time)), beyond)


def _beside(scope: Scope, node: ir.Node, like: ir.Node, axes: Axes, demand: Demand, expression: Expression) -> Code:
    """A value with a dimension for each axis; a number an example beside a vector with one for each of its own too."""
    code = expression(scope, node, "number" if node.event == "number" else demand)
    if is_python_number(node):
        return code
    if node.event == "number" and demand == "value" and not is_python_number(like):
        code = call(scope.use("over_event"), code, expression(scope, like, demand), str(len(like.axes)))
    return spread(code, node.axes, axes, full=True)


def windowed_sum(scope: Scope, node: ir.Reduce, expression: Expression) -> Code | None:
    """A reduction of the steps of a window: ``f[:, 1:-1]`` in place of all; None where there is no window."""
    match node:
        case ir.Reduce(_, axis, ir.Window(body, time, first, last)) if axis == time and time in body.axes:
            ends = f"{first - 1 or ''}:{f'-{last}' if last else ''}"
            code = expression(scope, body, "number")
            return code if ends == ":" else Code(f"{code.within(ATOM)}[{':, ' * body.axes.index(time)}{ends}]")
    return None


def at_step(code: Code, place: int, index: str) -> Code:
    """A tensor read at a step: ``x[:, t]``."""
    return Code(f"{code.within(ATOM)}[{':, ' * place}{index}]")


def stacked(steps: str, place: int) -> Code:
    """The steps of a loop as one tensor."""
    return call("torch.stack", steps, f"dim={place}")
