"""Statements that call a network: once for everybody who uses it, its results variables with names of the formula."""

from __future__ import annotations

from formula2dgm.codegen.arguments import leading, network_output
from formula2dgm.codegen.constants import of_noise_alone
from formula2dgm.codegen.draws import Draws, listing
from formula2dgm.codegen.expressions import aligned, expression
from formula2dgm.codegen.laws import facts
from formula2dgm.codegen.notation import call_label
from formula2dgm.codegen.python import Code, call, quoted
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.uses import roots, users_of_calls
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import merge
from formula2dgm.ir.program import Term
from formula2dgm.syntax import tree


class Calls(Draws):
    """Writes statements into a scope; this part of them calls networks."""

    def __init__(self, scope: Scope, terms: tuple[Term, ...]):
        super().__init__(scope, terms)
        self.calls = users_of_calls(scope.program, terms)
        self.roots = roots(terms)

    def call_network(self, node: ir.NetCall) -> None:
        """One call of a network; its heads become variables."""
        scope = self.scope
        if all(each in scope.bound for each in self._heads(node)):
            return
        label = call_label(scope.program, node)
        users = self.calls.get(node, [])
        shared = f": one call, used by {listing(users)}" if len(users) > 1 else ""
        constant = ", its parameters held constant" if node.frozen else ""
        constant = ", its weights moving averages" if scope.is_target(node) else constant
        scope.body.comment(label + constant + shared, scope.span(node))
        heads = [each for each in self._heads(node) if each not in scope.bound]
        if node.method != "plain":
            self._with_log_det(node, heads, label)
            return
        if of_noise_alone(node, self.roots):
            scope.body.write("with torch.no_grad():")
            scope.body.indent += 4
            self._call(node, heads, network_output(self, node, held=False), label)
            scope.body.indent -= 4
        else:
            self._call(node, heads, network_output(self, node), label)

    def _call(self, node: ir.NetCall, heads: list[ir.Head], output: Code, label: str) -> None:
        """The assignment of a network's results."""
        if len(heads) == 1 and heads[0].family is None and self._is_one_tensor(node, heads[0]):
            self._deterministic(heads[0], output, label)
        elif heads and heads[0].output is not None:
            self._several(node, heads, output, label)
        elif heads and heads[0].family is not None:
            self._read(node, heads[0].family, output, label)
        else:
            self._named_heads(node, heads, output, label)

    def _heads(self, call_: ir.NetCall) -> list[ir.Head]:
        return self.scope.heads.get(call_, [])

    def _is_one_tensor(self, node: ir.NetCall, head: ir.Head) -> bool:
        """Does the network return one tensor: its only head has no name, or it is a default network with one head?"""
        scaffold = self.scope.network(node.network).scaffold
        return head.output is None and (head.name is None or (scaffold is not None and len(scaffold.heads) == 1))

    def _deterministic(self, head: ir.Head, output: Code, label: str) -> None:
        if self.scope.is_number(head):
            output = call(self.scope.use("as_number"), output, str(len(head.axes)), quoted(label))
        name = self.scope.wanted.get(head) or self.scope.program.arena.title(head) or label
        name += self.scope.suffix
        self.assign(head, self.scope.names.fresh(name, head.call.network + self.scope.suffix, "_each"), output)

    def _read(self, node: ir.NetCall, name: str, output: Code, label: str) -> None:
        """A law's network: its parameters in the family's order."""
        scope = self.scope
        fact = facts(ir.Law(label, name, ()))
        stem = scope.network(node.network).name
        found = {each.name: each for each in self._heads(node)}
        targets = []
        for parameter in fact.parameters:
            head = found.get(parameter)
            wanted = f"{stem}_{parameter}{scope.suffix}"
            target = scope.names.fresh(wanted, f"{parameter}{scope.suffix}") if head else "_"
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
        checked = call(self.scope.use("several_outputs"), output, str(count), quoted(label))
        self.assign(None, ", ".join(targets), checked, span_of=node)
        for head in heads:
            if self.scope.is_number(head):
                name = self.scope.bound[head].text
                self.assign(head, name, call(self.scope.use("as_number"), name, str(len(head.axes)), quoted(label)))

    def _result(self, head: ir.Head, otherwise: str) -> str:
        """The variable of one of a call's results, named after what the formula defines it as."""
        symbols = [each for each in self.scope.program.arena.origins(head) if isinstance(each, tree.Symbol)]
        wanted = self.scope.wanted.get(head) or (str(symbols[0]) if symbols else otherwise)
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
            self.assign(None, target, call(scope.use("fold"), leading(scope, node.args, axes), *args), span_of=node)
            codes = [Code(name) for name in names]
        else:
            codes = [expression(scope, arg, "value") for arg in node.args]
        result = self._both(node, codes)
        if folded:
            result = call(scope.use("unfold"), result, leading(scope, node.args, axes))
        self.assign(None, f"{value}, {log_det}", result, span_of=node)

    def _both(self, node: ir.NetCall, args: list[Code]) -> Code:
        """The value and the log-determinant for arguments of one axis."""
        scope = self.scope
        network = scope.network(node.network)
        called = f"self.{network.name}"
        held = node.frozen and not scope.is_target(node)
        if node.method == "inverse" and held:
            called = f"{scope.use('frozen')}({scope.use('inverse_of')}({called}))"
        elif held:
            called = f"{scope.use('frozen')}({called})"
        elif node.method == "inverse":
            called += ".inverse"
        if node.method == "differentiation":
            return call(scope.use("differentiated"), called, *args)
        if network.scaffold is not None:
            return call(called, *args)
        return call(scope.use("with_log_det"), call(called, *args), args[0], quoted(network.label))
