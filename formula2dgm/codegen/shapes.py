"""Shapes of draws: the axes' sizes, then the event shape, from wherever the formula says it."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.codegen.alignment import Axes
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.laws import facts
from formula2dgm.codegen.python import Code
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.time_values import LENGTHS
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk


class UnknownShape(LookupError):
    """Nothing says the event shape of a draw, or of a state before its first step."""

    def __init__(self, node: ir.Draw | ir.State):
        super().__init__(f"nothing says the event shape of {node.site}")
        self.node = node


def draw_shape(scope: Scope, node: ir.Draw) -> Code:
    """The shape of a draw: ``q_z_given_x_loc.shape``, ``(K, *q_z_given_x_loc.shape)``, ``(x.shape[0], 16)``."""
    law, axes = node.law, node.axes
    if law.scalar:
        return scope.shape(axes)
    found = tensor_parameter(scope, law)
    if law.shape is not None and not (found and isinstance(found[1], ir.Head) and found[1].axes):
        return scope.shape(axes, ", ".join(map(str, law.shape)))
    if found is None:
        return partner_shape(scope, node, axes)
    if (filled := _filled_shape(scope, node)) is not None:
        return filled
    parameter, own = found[0], found[1].axes
    classes = _beyond_the_value(law, found[1])
    whole = f"{parameter.text}.shape" + (f"[:-{classes}]" if classes else "")
    if own == axes:
        return Code(whole)
    if own and axes[-len(own) :] == own:
        return scope.shape(axes[: -len(own)], f"*{whole}")
    end = f"-{classes}" if classes else ""
    event = f"*{parameter.text}.shape[{len(own)}:{end}]" if own or classes else f"*{parameter.text}.shape"
    return scope.shape(axes, event)


def _filled_shape(scope: Scope, node: ir.Draw) -> Code | None:
    """The shape of a vector whose parameters are numbers, ``N(0, \\sigma^2 I)``: declared, or that of the value that it
    meets; None for others."""
    law, found = node.law, tensor_parameter(scope, node.law)
    if law.scalar or found is None or found[1].event != "number" or facts(law).value_rank:
        return None
    if law.shape is not None:
        return scope.shape(node.axes, ", ".join(map(str, law.shape))) if law.shape else None
    try:
        return partner_shape(scope, node, node.axes)
    except UnknownShape:
        return None


def _beyond_the_value(law: ir.Law, node: ir.Node) -> int:
    """The trailing dimensions of a parameter that its value has not: the classes of a category."""
    name = next(name for name, each in law.params if each is node)
    return facts(law).rank(name) - facts(law).value_rank


def tensor_parameter(scope: Scope, law: ir.Law) -> tuple[Code, ir.Node] | None:
    """The first of a law's parameters with most axes that is a tensor and has all the value's dimensions: no number,
    where another one is none."""
    rank = facts(law).value_rank
    large = [node for name, node in law.params if facts(law).rank(name) >= rank]
    if not law.scalar and any(node.event != "number" for node in large):
        large = [node for node in large if node.event != "number"]
    tensors = [node for node in large if node.event != "number" or node.axes]
    candidates = [node for node in tensors if is_available(scope, node)]
    if not candidates:
        return None
    node = max(candidates, key=lambda each: len(each.axes))
    return expression(scope, node, "number" if law.scalar else "value"), node


def is_available(scope: Scope, node: ir.Node) -> bool:
    """Can the node be computed from what is in scope (no draw or network call of its own is missing)?"""
    if node in scope.bound:
        return True
    if isinstance(node, ir.Draw | ir.Head | ir.NetCall | ir.Previous | ir.Enumerated):
        return False
    return all(is_available(scope, child) for child in node.children)


def like_tensor(scope: Scope, node: ir.Draw) -> Code:
    """A tensor whose dtype and device fresh noise takes."""
    found = tensor_parameter(scope, node.law)
    if found is not None:
        return found[0]
    for each in scope.program.inputs:
        if each.name in scope.arguments and each.support != "category" and each.name != LENGTHS:
            return Code(scope.arguments[each.name])
    return Code(f"{scope.use('tensor_of')}(self)")


def tensors(scope: Scope, node: ir.Draw, given: list[Code]) -> list[Code]:
    """Parameters as tensors: functions that draw values take the device and dtype from them."""
    law = dict(node.law.params)
    numbers = [is_python_number(law[name]) for name in facts(node.law).parameters]
    return [
        Code(f"{like_tensor(scope, node).text}.new_full((), {code.text})") if number else code
        for number, code in zip(numbers, given, strict=True)
    ]


def partner_shape(scope: Scope, node: ir.Draw | ir.State, axes: Axes) -> Code:
    """The shape of the value that a draw from a standard law, or a state, meets (``z + sigma * epsilon``)."""
    for partner in scope.partners.get(node, ()):
        known = partner in scope.bound or (isinstance(partner, ir.Data) and partner.name in scope.arguments)
        code = expression(scope, partner, "value") if known else None
        if code is not None and code.text.isidentifier():
            if partner.axes == axes:
                return Code(f"{code.text}.shape")
            return scope.shape(axes, f"*{code.text}.shape[{len(partner.axes)}:]")
    raise UnknownShape(node)


def partners(nodes: list[ir.Node]) -> dict[ir.Node, list[ir.Node]]:
    """For each draw and state, the other nodes whose event has the same shape: they are added, compared, scored, or
    given to one network."""
    group: dict[ir.Node, ir.Node] = {}

    def find(node: ir.Node) -> ir.Node:
        root, above = node, []
        while (parent := group.setdefault(root, root)) is not root:
            above.append(root)
            root = parent
        for each in above:
            group[each] = root
        return root

    ordered = list(walk(*nodes))
    for node in ordered:
        first, *others = _same_event(node) or [node]
        for other in others:
            group[find(other)] = find(first)
    for first, other in (*_taken_alike(ordered), *_moving_alike(ordered)):
        group[find(other)] = find(first)
    carried = {node.site: node for node in ordered if isinstance(node, ir.Draw | ir.State)}
    for node in ordered:
        if isinstance(node, ir.Previous) and node.site in carried:
            group[find(node)] = find(carried[node.site])
    anchors = [node for node in ordered if isinstance(node, ir.Data | ir.Head | ir.Draw | ir.Param)]
    draws = [node for node in ordered if isinstance(node, ir.Draw | ir.State)]
    together: dict[ir.Node, list[ir.Node]] = {}
    for each in anchors:
        together.setdefault(find(each), []).append(each)
    return {draw: [each for each in together.get(find(draw), ()) if each is not draw] for draw in draws}


def _taken_alike(nodes: list[ir.Node]) -> Iterator[tuple[ir.Node, ir.Node]]:
    """What a network takes in at one place: ``D(x)`` and ``D(G(z))``."""
    taken: dict[tuple[str, str, int], ir.Node] = {}
    for node in nodes:
        for position, each in enumerate(node.args if isinstance(node, ir.NetCall) else ()):
            assert isinstance(node, ir.NetCall)
            first = taken.setdefault((node.network, node.method, position), each)
            if "number" not in (first.event, each.event):
                yield first, each


def _moving_alike(nodes: list[ir.Node]) -> Iterator[tuple[ir.Node, ir.Node]]:
    """What a network takes in, and the direction along which it moves."""
    for node in nodes:
        if isinstance(node, ir.Jvp) and isinstance(node.head, ir.Head):
            for place, tangent in zip(node.places, node.tangents, strict=True):
                if "number" not in (tangent.event, node.head.call.args[place].event):
                    yield node.head.call.args[place], tangent


def _same_event(node: ir.Node) -> list[ir.Node]:
    """The nodes around ``node`` that have its event shape."""
    match node:
        case ir.Add(args) | ir.Mul(args):
            return [node, *(arg for arg in args if arg.event != "number")] if node.event != "number" else []
        case ir.Choice(_, parts):
            return [node, *parts]
        case ir.Solution(field, state):
            return [node, field, state, state.start] if node.event != "number" else []
        case ir.Grad(_, wrt):
            return [node, wrt] if node.event != "number" else []
        case ir.Previous(initial=initial):
            return [node, initial] if initial.event != "number" else []
        case ir.At(value, _, ir.Index()) | ir.State(value) | ir.AtStep(value) | ir.Picked(value) | ir.Carrying(value):
            return [node, value] if node.event != "number" else []
        case ir.FirstStep(one, other) | ir.Shifted(one, outside=other):
            return [node, *(each for each in (one, other) if each.event != "number")] if node.event != "number" else []
        case ir.Div() | ir.Pow() | ir.Neg() | ir.Apply() | ir.StopGrad() | ir.Permuted() | ir.Coupled():
            return [node, *(child for child in node.children if child.event != "number")]
        case ir.Law(params=params):
            rank = facts(node).value_rank
            values = [param for name, param in params if param.event != "number" and facts(node).rank(name) == rank]
            return [node, *values]
        case ir.LogProb(law, value, elementwise):
            return [law, value, *([node] if elementwise else [])] if not law.scalar else []
        case ir.Divergence(_, left, right, elementwise):
            return [left, right, *([node] if elementwise else [])]
        case ir.Draw(law):
            return [node, law] if not law.scalar else []
        case ir.Dot():
            return [child for child in node.children if child.event != "number"]
        case ir.Grad(_, by):
            return [node, by]
    return []
