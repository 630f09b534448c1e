"""The statements that come before the terms: network calls, the laws' parameters, draws."""

from __future__ import annotations

from formula2dgm.codegen.calls import Calls
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.loops import LoopWriter
from formula2dgm.codegen.notation import definition_name, notation
from formula2dgm.codegen.part_names import part_name
from formula2dgm.codegen.python import Code, assignment
from formula2dgm.codegen.recurrence import Loop, find_loops
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.scores import computed_from, piece_of
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.ir.text import to_text

_ARITHMETIC = (ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply)
#: What the formula may define by a name, or a law have for a parameter.
_COMPUTED = (*_ARITHMETIC, ir.StopGrad, ir.At, ir.MatMul, ir.Stack, ir.Entries, ir.Choice)


class Preparation(Calls):
    """Writes what the given nodes need before they can be computed, each piece once, in the formula's order."""

    def __init__(self, scope: Scope, terms: tuple[Term, ...] = ()):
        super().__init__(scope, terms)
        self._done: set[ir.Node] = set()
        self.loops: dict[ir.Node, Loop] = {}
        self.expected: list[ir.Node] = []
        self.differentiated: set[ir.Node] = set()

    def expect(self, nodes: list[ir.Node]) -> None:
        """Say what will be prepared, so that recurrent draws are found beforehand."""
        self.expected = list(walk(*nodes))
        self.differentiated = {node.wrt for node in self.expected if isinstance(node, ir.Grad | ir.LogDetJacobian)}
        for loop in find_loops(nodes):
            self.loops |= dict.fromkeys(loop.members, loop)

    def prepare(self, node: ir.Node) -> None:
        """Write the statements of everything below ``node`` that has one of its own."""
        for each in walk(node):
            if each not in self._done and each not in self.scope.bound:
                self._statement(each)

    def _statement(self, node: ir.Node) -> None:
        self._done.add(node)
        if node in self.loops:
            self._loop(self.loops[node])
            return
        match node:
            case ir.NetCall():
                self.call_network(node)
            case ir.Law():
                self._law(node)
            case ir.Draw():
                self.draw(node)
            case ir.StopGrad(ir.Draw() as draw) if self.is_scored(draw):
                self.detached(node, draw)
            case ir.Add((ir.Draw() as draw, _)) if piece_of(node) is not None:
                self.passed_through(node, draw)
            case ir.Enumerated():
                self.enumerated(node)
            case ir.Permuted():
                self.permuted(node)
            case ir.ArgMin(axis=axis) | ir.Nearest(axis=axis):
                self.scope.body.comment(f"the {axis.name} of the smallest, counted from 0", self.scope.span(node))
                self.compute(node, self.scope.names.fresh(f"{axis.name}_star"))
            case ir.At(value, axis, ir.ArgMin() | ir.Nearest()):
                self.compute(node, self.scope.names.fresh(f"{to_text(value)}_{axis.name}_star"), "value")
            case _ if isinstance(node, _COMPUTED) and node.axes and node.event != "number":
                self._definition(node)
        if node in self.differentiated:
            self._differentiable(node)

    def _differentiable(self, node: ir.Node) -> None:
        """Gradients with respect to a value are taken later: it must take part in autograd from here on."""
        value = expression(self.scope, node, "value").text
        tracked = Code(f"{value} if {value}.requires_grad else {value}.detach().requires_grad_()")
        said = definition_name(self.scope.program, node) or to_text(node)
        self.scope.body.comment(f"a gradient with respect to {said} is taken below", self.scope.span(node))
        self.assign(node, value, tracked)

    def _definition(self, node: ir.Node) -> None:
        """What the formula defines by a name of its own keeps that name."""
        name = definition_name(self.scope.program, node)
        if name is None and node in self.differentiated:
            name = "point"
        if name is not None:
            self.scope.body.comment(f"{name} = {notation(self.scope.program, node)}", self.scope.span(node))
            self.compute(node, self.scope.names.fresh(name), "value")

    def compute(self, node: ir.Node, target: str, demand: Demand = "number", stem: str = "") -> None:
        """Write ``target`` as the value of a node; where that is too long for a line, its parts come before, called
        after ``stem`` where the formula has no short name for them."""
        stem = stem or target
        value = expression(self.scope, node, demand)
        while assignment(target, value, self.scope.body.indent) is None and (parts := self._parts(node)):
            for child in parts:
                open_ = "value" if "value" in self.scope.demands.get(child, ()) else demand
                own: Demand = "value" if child.event == "value" else open_ if child.event == "open" else "number"
                self.compute(child, self.scope.names.fresh(part_name(self.scope.program, child, stem)), own, stem)
            value = expression(self.scope, node, demand)
        self.assign(node, target, value)

    def _parts(self, node: ir.Node) -> list[ir.Node]:
        """What to compute before a node: the outermost expressions below it that fit; not what it only sums."""
        above, parts = node, _composites(node, self.scope)
        while len(parts) == 1 and (inner := _composites(parts[0], self.scope)):
            text = expression(self.scope, parts[0])
            if not isinstance(above, ir.Reduce) and assignment("part", text, self.scope.body.indent) is not None:
                break
            above, parts = parts[0], inner
        return parts

    def _law(self, law: ir.Law) -> None:
        """A variable for each parameter that is neither a network's result nor a plain name or number."""
        for name, node in law.params:
            if (
                isinstance(node, _COMPUTED)
                and not is_view(node)
                and node not in self.scope.bound
                and (node.axes or _is_long(node))
            ):
                target = self.scope.names.fresh(f"{law.label} {name}", name)
                said = notation(self.scope.program, node)
                self.scope.body.comment(f"{law.label}: {name} = {said}", self.scope.span(node))
                self.compute(node, target, "number" if law.scalar else "value")

    def _loop(self, loop: Loop) -> None:
        """The recurrent draws of a time axis, after what they read from outside."""
        for node in walk(*loop.draws):
            if node not in loop.members and node not in self._done and node not in self.scope.bound:
                self._statement(node)
        LoopWriter(self, loop).write()
        self._done |= loop.members


def is_view(node: ir.Node) -> bool:
    """Is this a network's result, or a parameter, read along another axis: the same numbers under its name?"""
    return isinstance(node, ir.At) and isinstance(node.index, ir.Index) and isinstance(node.value, ir.Head | ir.Param)


def _is_long(node: ir.Node) -> bool:
    """Are the logits of a component more than the logarithms of its weights?"""
    return isinstance(node, ir.Entries) or any(isinstance(each, ir.Reduce) for each in walk(node))


def _composites(node: ir.Node, scope: Scope) -> list[ir.Node]:
    """The nearest parts of a node that are expressions of their own."""
    found: list[ir.Node] = []
    for child in computed_from(node):
        bare = child.body if isinstance(child, ir.Neg) else child
        if bare in scope.bound or isinstance(bare, ir.Law) or not any(True for _ in bare.children):
            continue
        if isinstance(bare, ir.Head | ir.Draw | ir.NetCall) or is_view(bare):
            continue
        found.append(bare)
    return found
