"""The statements that come before the terms: network calls, the laws' parameters, draws."""

from __future__ import annotations

from formula2dgm.codegen.draws import Draws, listing
from formula2dgm.codegen.expressions import aligned, expression, facts
from formula2dgm.codegen.loops import LoopWriter
from formula2dgm.codegen.notation import call_label, definition_name, notation
from formula2dgm.codegen.python import Code, assignment, call
from formula2dgm.codegen.recurrence import Loop, find_loops
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.scores import computed_from, piece_of
from formula2dgm.codegen.uses import Demand, users_of_calls
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.program import Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.ir.text import to_text
from formula2dgm.syntax import tree

_ARITHMETIC = (ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply, ir.StopGrad, ir.At, ir.MatMul, ir.Stack, ir.Entries, ir.Choice)


class Preparation(Draws):
    """Writes what the given nodes need before they can be computed, each piece once, in the formula's order."""

    def __init__(self, scope: Scope, terms: tuple[Term, ...] = ()):
        super().__init__(scope, terms)
        self.calls = users_of_calls(scope.program, terms)
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
                self._call(node)
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
            case _ if isinstance(node, _ARITHMETIC) and node.axes and node.event != "number":
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

    def compute(self, node: ir.Node, target: str, demand: Demand = "number") -> None:
        """Write ``target`` as the value of a node; where that is too long for a line, its parts come before."""
        value = expression(self.scope, node, demand)
        if assignment(target, value, self.scope.body.indent) is None:
            for child in self._parts(node):
                part = self.scope.names.fresh(notation(self.scope.program, child), f"{target}_part")
                open_ = "value" if "value" in self.scope.demands.get(child, ()) else demand
                own: Demand = "value" if child.event == "value" else open_ if child.event == "open" else "number"
                self.compute(child, part, own)
            value = expression(self.scope, node, demand)
        self.assign(node, target, value)

    def _parts(self, node: ir.Node) -> list[ir.Node]:
        """What to compute before a node: the first expressions below it that there are several of."""
        parts = _composites(node, self.scope)
        while len(parts) == 1 and (inner := _composites(parts[0], self.scope)):
            text = expression(self.scope, parts[0])
            if len(inner) > 1 and assignment("part", text, self.scope.body.indent) is not None:
                break
            parts = inner
        return parts

    # -- networks --------------------------------------------------------------------------------------

    def _call(self, node: ir.NetCall) -> None:
        """One call of a network; its heads become variables."""
        scope = self.scope
        label = call_label(scope.program, node)
        users = self.calls.get(node, [])
        shared = f": one call, used by {listing(users)}" if len(users) > 1 else ""
        constant = ", its parameters held constant" if node.frozen else ""
        scope.body.comment(label + constant + shared, scope.span(node))
        heads = [each for each in self._heads(node) if each not in scope.bound]
        if node.method != "plain":
            self._with_log_det(node, heads, label)
            return
        output = self._output(node)
        if len(heads) == 1 and heads[0].family is None and self._is_one_tensor(node, heads[0]):
            self._deterministic(heads[0], output, label)
        elif heads and heads[0].output is not None:
            self._several(node, heads, output, label)
        elif heads and heads[0].family is not None:
            self._read(node, heads[0].family, output, label)
        else:
            self._named_heads(node, heads, output, label)

    def _heads(self, call_: ir.NetCall) -> list[ir.Head]:
        return [each for each in self.scope.demands if isinstance(each, ir.Head) and each.call is call_]

    def _is_one_tensor(self, node: ir.NetCall, head: ir.Head) -> bool:
        """Does the network return one tensor: its only head has no name, or it is a default network with one head?"""
        scaffold = self.scope.network(node.network).scaffold
        return head.output is None and (head.name is None or (scaffold is not None and len(scaffold.heads) == 1))

    def _deterministic(self, head: ir.Head, output: Code, label: str) -> None:
        if self.scope.is_number(head):
            output = call(self.scope.use("as_number"), output, str(len(head.axes)), f'"{label}"')
        self.assign(head, self.scope.names.fresh(label + self.scope.suffix, head.call.network, "_each"), output)

    def _read(self, node: ir.NetCall, name: str, output: Code, label: str) -> None:
        """A law's network: its parameters in the family's order."""
        scope = self.scope
        fact = facts(ir.Law(label, name, ()))
        stem = scope.network(node.network).name
        found = {each.name: each for each in self._heads(node)}
        targets = []
        for parameter in fact.parameters:
            head = found.get(parameter)
            target = scope.names.fresh(f"{stem}_{parameter}{scope.suffix}") if head else "_"
            targets.append(target)
            if head:
                scope.bound[head] = Code(target)
        self.assign(None, ", ".join(targets), call(scope.use(fact.read), output), span_of=node)

    def _named_heads(self, node: ir.NetCall, heads: list[ir.Head], output: Code, label: str) -> None:
        name = self.scope.names.fresh(label, node.network)
        self.assign(node, name, output)
        for head in heads:
            suffix = f'["{head.name}"]' if head.name else ""
            self.scope.bound[head] = Code(f"{name}{suffix}")

    def _several(self, node: ir.NetCall, heads: list[ir.Head], output: Code, label: str) -> None:
        """A network of which the formula names several outputs: each is a variable."""
        count = self.scope.network(node.network).outputs
        found = {each.output: each for each in heads}
        targets = [
            self._result(found[place], f"{label}_{place + 1}") if place in found else "_" for place in range(count)
        ]
        checked = call(self.scope.use("several_outputs"), output, str(count), f'"{label}"')
        self.assign(None, ", ".join(targets), checked, span_of=node)
        for head in heads:
            if self.scope.is_number(head):
                name = self.scope.bound[head].text
                self.assign(head, name, call(self.scope.use("as_number"), name, str(len(head.axes)), f'"{label}"'))

    def _result(self, head: ir.Head, otherwise: str) -> str:
        """The variable of one of a call's results, named after what the formula defines it as."""
        symbols = [each for each in self.scope.program.arena.origins(head) if isinstance(each, tree.Symbol)]
        wanted = str(symbols[0]) if symbols else otherwise
        target = self.scope.names.fresh(wanted + self.scope.suffix, otherwise, "_value")
        self.scope.bound[head] = Code(target)
        return target

    def _with_log_det(self, node: ir.NetCall, heads: list[ir.Head], label: str) -> None:
        """A call that gives its value and the log-determinant of its Jacobian: both are variables."""
        scope = self.scope
        network = scope.network(node.network)
        found = {each.output: each for each in heads}
        value = self._result(found[ir.VALUE], label) if ir.VALUE in found else "_"
        log_det = self._result(found[ir.LOG_DET], f"{network.name}_log_det") if ir.LOG_DET in found else "_"
        axes = merge(arg.axes for arg in node.args)
        folded = len(axes) > 1 or any(arg.axes != axes for arg in node.args)
        if folded:
            args = [aligned(scope, arg, axes, "value", full=True) for arg in node.args]
            names = [scope.names.fresh(f"{network.name}_input") for _ in args]
            target = ", ".join(names) if len(names) > 1 else f"({names[0]},)"
            self.assign(None, target, call(scope.use("fold"), str(len(axes)), *args), span_of=node)
            codes = [Code(name) for name in names]
        else:
            codes = [expression(scope, arg, "value") for arg in node.args]
        result = self._both(node, codes)
        if folded:
            result = call(scope.use("unfold"), result, self._leading(node.args, axes))
        self.assign(None, f"{value}, {log_det}", result, span_of=node)

    def _both(self, node: ir.NetCall, args: list[Code]) -> Code:
        """The value and the log-determinant for arguments of one axis."""
        scope = self.scope
        network = scope.network(node.network)
        called = f"self.{network.name}"
        if node.method == "inverse" and node.frozen:
            called = f"{scope.use('frozen')}({scope.use('inverse_of')}({called}))"
        elif node.frozen:
            called = f"{scope.use('frozen')}({called})"
        elif node.method == "inverse":
            called += ".inverse"
        if node.method == "differentiation":
            return call(scope.use("differentiated"), called, *args)
        if network.scaffold is not None:
            return call(called, *args)
        return call(scope.use("with_log_det"), call(called, *args), args[0], f'"{network.label}"')

    def _output(self, node: ir.NetCall) -> Code:
        """``self.network(arguments)``, the arguments folded where they have more axes than one."""
        scope = self.scope
        axes = merge(arg.axes for arg in node.args)
        network = scope.network(node.network)
        called = f"self.{network.name}"
        if node.frozen:
            called = f"{scope.use('frozen')}({called})"
        if len(axes) <= 1 and all(arg.axes == axes for arg in node.args):
            codes = [expression(scope, arg, "value") for arg in node.args]
            return call(called, *_by_name(network.inputs if network.keywords else (), codes))
        folded = [aligned(scope, arg, axes, "value", full=True) for arg in node.args]
        fold = call(scope.use("fold"), str(len(axes)), *folded)
        if network.keywords:
            names = [scope.names.fresh(f"{name}_folded") for name in network.inputs]
            target = ", ".join(names) if len(names) > 1 else f"({names[0]},)"
            self.assign(None, target, fold, span_of=node)
            result = call(called, *_by_name(network.inputs, [Code(name) for name in names]))
        else:
            result = call(called, f"*{fold.text}")
        return call(scope.use("unfold"), result, self._leading(node.args, axes))

    def _leading(self, args: tuple[ir.Node, ...], axes: tuple[Axis, ...]) -> Code:
        """The sizes of the folded axes, read off an argument that has them all where there is one."""
        for arg in args:
            code = expression(self.scope, arg, "value")
            if arg.axes == axes and code.text.isidentifier():
                return Code(f"{code.text}.shape[:{len(axes)}]")
        return self.scope.shape(axes)

    # -- laws and draws --------------------------------------------------------------------------------

    def _law(self, law: ir.Law) -> None:
        """A variable for each parameter that is neither a network's result nor a plain name or number."""
        for name, node in law.params:
            if isinstance(node, _ARITHMETIC) and not is_view(node) and node not in self.scope.bound and (node.axes or _is_long(node)):
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


def _by_name(names: tuple[str, ...], codes: list[Code]) -> list[Code | str]:
    return [f"{name}={code.text}" for name, code in zip(names, codes, strict=True)] if names else list(codes)
