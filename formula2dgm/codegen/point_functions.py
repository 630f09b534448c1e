r"""Derivatives with respect to a value, ``\nabla_x D(x)``, ``\mathrm{tr}(\nabla_x s(x))``, as those of functions of it.

    def D_x_of(x: Tensor) -> Tensor:
        return as_number(self.D(x), 1, "D(x)")

    grad_x_D_x, D_x = gradient_at(D_x_of, x)

What the function computes and others read, it returns, so that each network is called once. ``torch.compile`` traces
such a derivative into one graph; a gradient of values, ``torch.autograd.grad``, it does not. Where a network keeps
running averages, which no function of torch.func may change, and around steps, draws and several points the gradient is
that of values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formula2dgm.codegen.derivatives import derivative_at
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.notation import notation
from formula2dgm.codegen.part_names import part_name
from formula2dgm.codegen.python import WIDTH, Body, Code
from formula2dgm.codegen.stopped_loops import derivatives_in
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk

if TYPE_CHECKING:
    from formula2dgm.codegen.statements import Preparation

#: What a function of a point may compute.
_COMPUTED = (
    *(ir.Head, ir.NetCall, ir.Law, ir.LogProb, ir.Divergence, ir.Entropy, ir.Grad, ir.JacobianTrace, ir.Jvp),
    *(ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply, ir.Norm, ir.Dot, ir.EventSum, ir.MatMul, ir.Component),
    *(ir.EventFunction, ir.Entries, ir.Entry, ir.StopGrad, ir.Reduce),
)


@dataclass(frozen=True, eq=False)
class PointFunction:
    """A derivative and the function that it is one of.

    inside  what the function computes: all that depends on the point
    reads   what it reads besides, and the point
    shared  what it computes and others read
    """

    node: ir.Grad | ir.JacobianTrace
    inside: frozenset[ir.Node]
    reads: tuple[ir.Node, ...]
    shared: tuple[ir.Node, ...]


def point_functions(program: Program, ordered: list[ir.Node], roots: Iterable[ir.Node]) -> dict[ir.Node, PointFunction]:
    """The functions of all derivatives among nodes, the outer ones first; none where one of them is not possible."""
    derivatives = derivatives_in(ordered)
    found: dict[ir.Node, PointFunction] = {}
    for each in reversed(derivatives):
        if isinstance(each, ir.LogDetJacobian) or any(axis not in each.wrt.axes for axis in each.body.axes):
            return {}
        inside = _inside(each)
        if not all(_is_possible(program, node) for node in inside):
            return {}
        shared = _shared(inside, each, ordered, frozenset(roots))
        if shared is None:
            return {}
        reads = tuple(dict.fromkeys(child for node in inside for child in node.children if child not in inside))
        found[each] = PointFunction(each, frozenset(inside), reads, shared)
    return found if _are_nested(found) else {}


def _inside(derivative: ir.Grad | ir.JacobianTrace) -> list[ir.Node]:
    """What stands between a point and what is derived by it, the point left out, in order."""
    reaching: set[ir.Node] = {derivative.wrt}
    inside = []
    for node in walk(derivative.body, below=lambda each: () if each is derivative.wrt else each.children):
        if node is not derivative.wrt and any(child in reaching for child in node.children):
            reaching.add(node)
            inside.append(node)
    return inside


def _is_possible(program: Program, node: ir.Node) -> bool:
    if isinstance(node, ir.NetCall):
        network = next(each for each in program.called if each.name == node.network)
        return node.method == "plain" and not network.stateful
    if isinstance(node, ir.Reduce) and node.axis.kind in ("batch", "time"):
        return False
    return isinstance(node, _COMPUTED)


def _shared(
    inside: list[ir.Node], derivative: ir.Node, ordered: list[ir.Node], roots: frozenset[ir.Node]
) -> tuple[ir.Node, ...] | None:
    """What else is read of the nodes inside, as values that a function can return; None where that is not so."""
    own = set(inside)
    others = (node for node in ordered if node not in own and node is not derivative)
    read = roots | {child for node in others for child in _read_by(node)}
    waiting, found = [node for node in inside if node in read], dict[ir.Node, None]()
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ir.NetCall):
            return None  # another result of the network, that the function has no use of
        if isinstance(node, ir.Law):
            waiting += [each for each in node.children if each in own]
        else:
            found[node] = None
    return tuple(node for node in inside if node in found)


def _read_by(node: ir.Node) -> Iterable[ir.Node]:
    """What the code of a node reads: a derivative of a network calls it itself."""
    if isinstance(node, ir.Jvp) and isinstance(node.head, ir.Head):
        return (*node.head.call.args, *node.tangents)
    return node.children


def _are_nested(found: Mapping[ir.Node, PointFunction]) -> bool:
    """Does every pair of functions compute nothing in common, or one the whole derivative that is the other's?"""
    functions = list(found.values())
    return all(
        one.inside.isdisjoint(other.inside)
        or (other.node in one.inside and other.inside <= one.inside)
        or (one.node in other.inside and one.inside <= other.inside)
        for place, one in enumerate(functions)
        for other in functions[place + 1 :]
    )


class PointFunctions:
    """Writes the functions of points where a preparation comes upon their derivatives."""

    def __init__(self, functions: Mapping[ir.Node, PointFunction]):
        self.functions = functions
        self._open: list[PointFunction] = []

    @property
    def points(self) -> set[ir.Node]:
        """What is derived by."""
        return {each.node.wrt for each in self.functions.values()}

    @property
    def blocks(self) -> list[frozenset[ir.Node]]:
        """What each function computes."""
        return [each.inside for each in self.functions.values()]

    def needs(self, node: ir.Node) -> tuple[ir.Node, ...] | None:
        """What is written before a node that a function computes: the derivative that the function is of; before that
        derivative, what the function reads. None for any other node."""
        closed = (each for each in self.functions.values() if each not in self._open)
        if (around := next((each for each in closed if node in each.inside), None)) is not None:
            return (around.node,)
        own = self.functions.get(node)
        return None if own is None else (own.node.wrt, *own.reads)

    def write(self, preparation: Preparation, found: PointFunction) -> None:
        """The function, then the derivative at the point."""
        scope, node = preparation.scope, found.node
        point = expression(scope, node.wrt, "value")
        bound, outer = dict(scope.bound), scope.body
        stem = part_name(scope.program, node.body, "value")
        function, names = scope.names.fresh(f"{stem}_of", "value_of"), scope.names
        argument = point.text if point.text.isidentifier() else names.fresh("point")
        what = "its gradient is" if isinstance(node, ir.Grad) else "the trace of its derivative is"
        said = f"{notation(scope.program, node.body)} as a function of {argument}: {what} taken below"
        outer.comment(said, scope.span(node))
        scope.body, scope.names = Body(outer.indent + 4), names.inside()
        scope.bound[node.wrt] = Code(argument)
        self._open.append(found)
        values = [node.body, *(each for each in found.shared if each is not node.body)]
        for each in values:
            preparation.prepare(each)
        results = [self._result(preparation, each, _demand(preparation, node, each)) for each in values]
        self._open.pop()
        inside, scope.body, scope.bound, scope.names = scope.body, outer, bound, names
        preparation.forget(found.inside)
        kind = "Tensor" if len(values) == 1 else "tuple[Tensor, ...]"
        outer.write(f"def {function}({argument}: Tensor) -> {kind}:", scope.span(node))
        outer.lines += inside.lines
        outer.write(f"    return {', '.join(results)}", scope.span(node.body))
        outer.gap()
        returned = [self._name(preparation, each) if each in found.shared else "_" for each in values]
        target = scope.names.fresh(part_name(scope.program, node, "value"))
        together = returned[0] if len(returned) == 1 else f"({', '.join(returned)})"
        made = derivative_at(scope, node, function, point)
        if together == "_":
            alone = Code(f"{made.text}[0]", head=made.head, items=made.items, tail=f"{made.tail}[0]")
            preparation.assign(node, target, alone)
        else:
            preparation.assign(node, f"{target}, {together}", made)
            scope.bound[node] = Code(target)
        scope.bound |= {each: Code(name) for each, name in zip(values, returned, strict=True) if name != "_"}

    def _result(self, preparation: Preparation, node: ir.Node, demand: Demand) -> str:
        """What a function returns: a short expression as it is, else its variable."""
        scope = preparation.scope
        value = expression(scope, node, demand)
        if len(value.text) > WIDTH // 2 - scope.body.indent:
            preparation.compute(node, scope.names.fresh(part_name(scope.program, node, "value")), demand)
            value = expression(scope, node, demand)
        return value.text

    def _name(self, preparation: Preparation, node: ir.Node) -> str:
        return preparation.scope.names.fresh(part_name(preparation.scope.program, node, "value"), "value", "_each")


def _demand(preparation: Preparation, derivative: ir.Grad | ir.JacobianTrace, node: ir.Node) -> Demand:
    """As what a function returns a value: what is derived as what its derivative needs, others as they are read."""
    if node is derivative.body:
        return "number" if isinstance(derivative, ir.Grad) else "value"
    return preparation.scope.kind(node)
