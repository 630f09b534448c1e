"""What the first batch is checked for: data in the support, possible parameters, event shapes that meet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from formula2dgm.codegen.arguments import sequence_inputs
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.laws import facts, settings
from formula2dgm.codegen.meeting_values import meetings
from formula2dgm.codegen.notation import call_label, notation
from formula2dgm.codegen.python import ATOM, Body, Code, call, quoted, statement
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.shapes import is_available
from formula2dgm.codegen.uses import roots
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program, Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.spans import Span


def write_checks(scope: Scope, terms: tuple[Term, ...], player: str | None = None) -> None:
    """One block, left out once it has passed: of several players, each has its own."""
    checks = _Checks(scope, _probabilities(scope.program), _first_steps(roots(terms)))
    for node in walk(*roots(terms)):
        checks.node(node)
    if not checks.lines:
        return
    body = scope.body
    body.comment("the first batch is checked: values in their supports, parameters that are possible")
    wanted = "self.check_values" if player is None else f'"{player}" in self.check_values'
    body.write(f"if not torch.compiler.is_compiling() and {wanted}:")
    for lines, span in checks.lines.values():
        body.add(lines, span)
    body.write("    self.check_values = False" if player is None else f'    self.check_values.discard("{player}")')


def unchecked(methods: Iterable[Body]) -> str:
    """What a new objective has not checked yet: everything, ``True``, or each player's own, ``{"D", "G"}``."""
    lines = [line for method in methods for line, _ in method.lines if "self.check_values" in line]
    players = dict.fromkeys(found[0] for line in lines if (found := _PLAYER.findall(line)))
    return f"{{{', '.join(players)}}}" if players else "True" if lines else ""


_PLAYER = re.compile(r'(".+") in self\.check_values')


def _first_steps(nodes: Sequence[ir.Node]) -> dict[ir.Node, int]:
    """The first step at which each node is read, where the sums around it leave some out."""
    found = dict.fromkeys(nodes, 1)
    for node in reversed(list(walk(*nodes))):
        own = found.get(node, 1)
        inner = max(own, node.first) if isinstance(node, ir.Window) else own
        for child in node.children:
            found[child] = min(found.get(child, inner), inner)
    return found


class _Checks:
    """Collects each check once, in the formula's order."""

    def __init__(self, scope: Scope, probabilities: set[str], firsts: Mapping[ir.Node, int]):
        self.scope = scope
        self.probabilities = probabilities
        self.firsts = firsts
        self.lines: dict[str, tuple[list[str], Span | None]] = {}

    def node(self, node: ir.Node) -> None:
        """Add what this node asks for."""
        match node:
            case ir.Law():
                self._parameters(node)
            case ir.LogProb(law, value) if isinstance(value, ir.Data):
                self._value(node, law, value)
                self._shapes(node, law, value)
            case ir.LogProb(law, ir.Draw() as value) if value.law is not law and value in self.scope.bound:
                self._shapes(node, law, value)
            case ir.LinearChain(ir.Data() as value, emission=law):
                self._value(node, law, value)
            case ir.NetCall():
                self._causal(node)
            case ir.Lengths(time):
                check = self.scope.use("check_lengths")
                self._add(node, call(check, expression(self.scope, node), self.scope.size(time)))
            case ir.Picked(_, time, position, ends):
                label = quoted(notation(self.scope.program, position))
                code = expression(self.scope, position, "number")
                steps = expression(self.scope, ends, "number") if ends is not None else self.scope.size(time)
                self._add(node, call(self.scope.use("check_steps"), label, code, steps))
            case ir.Divergence(_, left, right):
                self._divergence(node, left, right)
            case ir.Apply("log", (body,)):
                self._logarithm(node, body)
        for one, other in meetings(self.scope, node):
            self._ranks(node, one, other)

    def _ranks(self, node: ir.Node, left: ir.Node, right: ir.Node) -> None:
        """Two values that meet entry by entry have events of equally many dimensions."""
        names = [quoted(notation(self.scope.program, each)) for each in (left, right)]
        codes = [expression(self.scope, each, "value") for each in (left, right)]
        leads = [str(len(left.axes))] + ([str(len(right.axes))] if len(left.axes) != len(right.axes) else [])
        check = self.scope.use("check_event_rank")
        self._add(node, call(check, names[0], codes[0], names[1], codes[1], *leads))

    def _causal(self, node: ir.NetCall) -> None:
        """A network that is given the steps so far of a sequence, in one call, reads no later ones for each."""
        prefix = next((each for each in node.args if isinstance(each, ir.Prefix)), None)
        network = self.scope.network(node.network)
        known = all(is_available(self.scope, each) and not isinstance(each, ir.Pair) for each in node.args)
        if prefix is None or prefix.lengths is not None or network.scaffold is not None or not known:
            return
        lead, codes = sequence_inputs(self.scope, node)
        label = quoted(call_label(self.scope.program, node))
        settings = ["backward=True"] if prefix.backward else []
        settings += ["first=True"] if network.outputs > 1 else []
        settings += [f"inputs={network.inputs!r}"] if network.keywords else []
        settings += [f"moved={place}" for place, each in enumerate(node.args) if _is_moved(each)][:1]
        check = self.scope.use("check_causal")
        self._add(node, call(check, label, f"self.{network.name}", str(lead), *codes, *settings))

    def _parameters(self, law: ir.Law) -> None:
        given = dict(law.params)
        for name, check in facts(law).check:
            code = self._tensor(law, given[name])
            if code is None and is_python_number(given[name]) and _is_set(given[name]):
                code = expression(self.scope, given[name])
            if code is not None:
                self._add(
                    law,
                    call(
                        self.scope.use(check),
                        quoted(f"the {name} of {law.label}"),
                        self._summed(law, given[name], code),
                    ),
                )

    def _summed(self, law: ir.Law, node: ir.Node, code: Code) -> Code:
        """The steps of a parameter that are summed over: what it is at others is never read."""
        first = self.firsts.get(law, 1)
        place = next((i for i, axis in enumerate(node.axes) if axis.kind == "time"), None)
        if first == 1 or place is None:
            return code
        return Code(f"{code.within(ATOM)}[{':, ' * place}{first - 1}:]")

    def _value(self, node: ir.Node, law: ir.Law, value: ir.Data) -> None:
        fact = facts(law)
        if fact.check_value is None:
            return
        extra: list[Code | str] = []
        if fact.classes is not None:
            logits = self._tensor(law, dict(law.params)[fact.classes])
            if logits is None:
                return
            extra = [f"{logits.text}.shape[-1]"]
        extra += settings(law)
        name = quoted(value.name)
        self._add(node, call(self.scope.use(fact.check_value), name, expression(self.scope, value, "value"), *extra))

    def _shapes(self, node: ir.Node, law: ir.Law, value: ir.Node) -> None:
        """The event shape of a value is that of the parameters it is scored with."""
        fact = facts(law)
        if law.scalar:
            return
        code = expression(self.scope, value, "value")
        name = value.name if isinstance(value, ir.Data) else value.site if isinstance(value, ir.Draw) else "the value"
        for parameter, each in law.params:
            if each.event == "number" and not isinstance(each, ir.Param):
                continue  # one number for all entries: it meets them whatever their shape
            rank = fact.rank(parameter)
            tensor = self._tensor(law, each) if rank in (0, fact.value_rank) else None
            if tensor is not None and isinstance(each, ir.Param) and each.number:
                tensor = call(self.scope.use("over_event"), tensor, code, str(len(value.axes)))
            if tensor is not None:
                leads = [str(len(value.axes))] + ([str(len(each.axes))] if len(each.axes) != len(value.axes) else [])
                # of a vector-valued family, a parameter that is one number has the shape of one entry of the vector
                entry = Code(f"{code.text}[..., 0]") if rank < fact.value_rank else code
                check, label = self.scope.use("check_event_shape"), quoted(f"the {parameter} of {law.label}")
                self._add(node, call(check, quoted(name), entry, label, tensor, *leads))

    def _divergence(self, node: ir.Node, left: ir.Law, right: ir.Law) -> None:
        """The two laws are over one variable, so their parameters have one event shape."""
        if not (facts(left).elementwise and facts(right).elementwise):
            return
        tensors = [
            (law, name, each, code)
            for law in (left, right)
            for name, each in law.params
            if each.event != "number" and (code := self._tensor(law, each)) is not None
        ]
        for law, name, each, code in tensors[1:]:
            first_law, first_name, first, first_code = tensors[0]
            leads = [str(len(first.axes))] + ([str(len(each.axes))] if len(each.axes) != len(first.axes) else [])
            labels = [quoted(f"the {first_name} of {first_law.label}"), quoted(f"the {name} of {law.label}")]
            check = self.scope.use("check_event_shape")
            self._add(node, call(check, labels[0], first_code, labels[1], code, *leads))

    def _logarithm(self, node: ir.Node, body: ir.Node) -> None:
        """A network's number under a logarithm is positive, and a probability where ``log(1 - D)`` says so."""
        if isinstance(body, ir.Param):
            self._add(node, call(self.scope.use("check_positive"), quoted(body.name), expression(self.scope, body)))
        head = _complement(body) or body
        if isinstance(head, ir.Head) and head in self.scope.bound:
            name = quoted(call_label(self.scope.program, head.call))
            check = "check_probability" if head.call.network in self.probabilities else "check_positive"
            self._add(node, call(self.scope.use(check), name, expression(self.scope, head, self.scope.kind(head))))

    def _tensor(self, law: ir.Law, node: ir.Node) -> Code | None:
        """The variable that holds a parameter; None for numbers, which are not worth a check."""
        if isinstance(node, ir.Const | ir.Hyper) or (node not in self.scope.bound and not isinstance(node, ir.Param)):
            return None
        return expression(self.scope, node, "number" if law.scalar else "value")

    def _add(self, node: ir.Node, check: Code) -> None:
        indent = self.scope.body.indent + 4
        lines = statement(check, indent) or [" " * indent + check.text]
        self.lines.setdefault(check.text, (lines, self.scope.span(node)))


def _is_moved(node: ir.Node) -> bool:
    """Is it ``x_{<t}`` or ``x_{>t}``: all steps of a value, one step late?"""
    late = isinstance(node, ir.Prefix) and isinstance(node.body, ir.Shifted)
    return late and node.body.by == (1 if node.backward else -1)  # type: ignore[attr-defined]


def _is_set(node: ir.Node) -> bool:
    """Does a number depend on a hyperparameter, which each call may set?"""
    return any(isinstance(each, ir.Hyper) for each in walk(node))


def _probabilities(program: Program) -> set[str]:
    """The networks of whose results both the logarithm and that of the complement are meant: ``log(1 - D(x))``."""
    nodes = walk(*(node for each in program.objectives for node in roots(each.terms)))
    heads = [_complement(node.args[0]) for node in nodes if isinstance(node, ir.Apply) and node.function == "log"]
    return {head.call.network for head in heads if head is not None}


def _complement(node: ir.Node) -> ir.Head | None:
    """``D(x)`` where the node is ``1 - D(x)``."""
    match node:
        case ir.Add((ir.Const(1), ir.Neg(ir.Head() as head))):
            return head
    return None
