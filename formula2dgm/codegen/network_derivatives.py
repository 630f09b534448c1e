r"""Derivatives of networks along directions, ``\frac{d}{dt} u(z_t, t)``: one call gives the value and the derivative.

    def u_of(z_t: Tensor, t: Tensor) -> Tensor:
        return self.u(z_t, t)

    u_z_t_t, derivative = torch.func.jvp(u_of, (z_t, t), (e - x, torch.ones_like(t)))

Where a network keeps running averages, which no function of torch.func may change, the derivative is one of gradients.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from formula2dgm.codegen.arguments import network_output
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.expressions import aligned, as_number, expression
from formula2dgm.codegen.notation import call_label, notation
from formula2dgm.codegen.part_names import part_name
from formula2dgm.codegen.python import Body, Code, call, method
from formula2dgm.codegen.refusals import drawn_again
from formula2dgm.codegen.scope import Scope
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk

if TYPE_CHECKING:
    from formula2dgm.codegen.statements import Preparation


class NetworkDerivatives:
    """Which derivatives give the results of network calls as well, and what is written before them."""

    def __init__(
        self, ordered: list[ir.Node], roots: Iterable[ir.Node] = (), blocks: Iterable[frozenset[ir.Node]] = ()
    ):
        """``blocks``: what is computed in functions of their own, apart from what stands outside of them."""
        self.read = {child for node in ordered if not isinstance(node, ir.Jvp) for child in node.children} | {*roots}
        heads: dict[ir.Node, set[ir.Node]] = {}
        for node in ordered:
            if isinstance(node, ir.Head):
                heads.setdefault(node.call, set()).add(node)
        self._values: dict[ir.Node, ir.Jvp] = {}
        for node in ordered:
            if isinstance(node, ir.Jvp) and isinstance(node.head, ir.Head):
                called = node.head.call
                together = all((called in each) == (node in each) for each in blocks)
                if together and len(heads[called]) == 1 and all(each is not called for each in walk(*node.tangents)):
                    self._values.setdefault(called, node)

    def needs(self, node: ir.Node) -> tuple[ir.Node, ...] | None:
        """What is written before a derivative, or before a call whose result one gives; None for other nodes."""
        if isinstance(node, ir.Jvp) and isinstance(node.head, ir.Head):
            return (*node.head.call.args, *node.tangents)
        return (self._values[node],) if node in self._values else None

    def gives_value(self, node: ir.Jvp) -> bool:
        """Does a derivative give the result of the call too?"""
        return node in self._values.values()


def write_derivative(preparation: Preparation, node: ir.Jvp) -> None:
    """The network as a function of what moves, then its value and derivative."""
    scope, head = preparation.scope, node.head
    assert isinstance(head, ir.Head)
    args, label = head.call.args, call_label(scope.program, head.call)
    if scope.network(head.call.network).random and not preparation.derivatives.gives_value(node):
        raise drawn_again(scope.program, node, label)
    moving = dict(zip(((args[place]) for place in node.places), node.tangents, strict=True))
    _name_constants(preparation, (each for each in args if each not in moving))
    points = {each: expression(scope, each, "value") for each in moving}
    said = ", ".join(notation(scope.program, each) for each in moving.values())
    where = ", ".join(each.text for each in points.values())
    verb = "moves" if len(points) == 1 else "move"
    scope.body.comment(f"{label} and its derivative as {where} {verb} along {said}", scope.span(node))
    directions = [_direction(scope, each, tangent, points[each]) for each, tangent in moving.items()]
    function = scope.names.fresh(f"{head.call.network}_of", "network_of")
    names, bound, outer = scope.names, dict(scope.bound), scope.body
    scope.names, scope.body = names.inside(), Body(outer.indent + 4)
    inputs = {
        each: code.text if code.text.isidentifier() else scope.names.fresh("point") for each, code in points.items()
    }
    scope.bound |= {each: Code(name) for each, name in inputs.items()}
    result = network_output(preparation, head.call)
    if scope.is_number(head):
        result = as_number(scope, result, head.axes, head)
    inside, scope.body, scope.names, scope.bound = scope.body, outer, names, bound
    given = ", ".join(f"{each}: Tensor" for each in inputs.values())
    outer.write(f"def {function}({given}) -> Tensor:", scope.span(node))
    outer.lines += inside.lines
    outer.write(f"    return {result.text}", scope.span(node))
    outer.gap()
    stateful = scope.network(head.call.network).stateful
    made = call(
        scope.use("jvp_by_gradients") if stateful else "torch.func.jvp",
        function,
        _tuple([each.text for each in points.values()]),
        _tuple([each.text for each in directions]),
    )
    value = "_"
    if head not in scope.bound and head in preparation.derivatives.read and preparation.derivatives.gives_value(node):
        value = scope.names.fresh(scope.wanted.get(head) or label, head.call.network, "_each")
        scope.bound[head] = Code(value)
    target = scope.names.fresh(f"{label}_derivative", f"{head.call.network}_derivative")
    preparation.assign(None, f"{value}, {target}", made, span_of=node)
    scope.bound[node] = Code(target)
    if scope.is_number(node) and not scope.is_number(head):
        preparation.assign(node, target, as_number(scope, Code(target), node.axes, node))


def _name_constants(preparation: Preparation, constants: Iterable[ir.Node]) -> None:
    """Variables for the arguments that do not move: an expression may be one of what does."""
    scope = preparation.scope
    for each in constants:
        if not is_python_number(each) and not expression(scope, each, "value").text.isidentifier():
            scope_name = scope.names.fresh(part_name(scope.program, each, "held"), "held")
            preparation.compute(each, scope_name, scope.kind(each))


def _direction(scope: Scope, point: ir.Node, tangent: ir.Node, like: Code) -> Code:
    """A direction of the shape of a point."""
    if isinstance(tangent, ir.Const) and tangent.value == 1:
        return call("torch.ones_like", like)
    if is_python_number(tangent):
        return call("torch.full_like", like, expression(scope, tangent))
    number = point.event == "number"
    if tangent.event == "number" and not number:
        spread = call(scope.use("over_event"), aligned(scope, tangent, point.axes), like, str(len(point.axes)))
        return method(spread, "expand_as", like)
    code = aligned(scope, tangent, point.axes, "number" if number else "value")
    return code if tangent.axes == point.axes else method(code, "expand_as", like)


def _tuple(items: list[str]) -> Code:
    return Code(f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})")
