"""Functions that are applied, inverted, composed or differentiated, and calls of the networks that they are.

A head stands for steps, each one network in one direction: ``f_2 \\circ f_1^{-1}`` is the inverse of f_1, then f_2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.bindings import Binding, NetworkValue
from formula2dgm.completion.flows.symbols import FlowMap
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.numbered import composed
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.flows.maps import Evaluate, follow
from formula2dgm.resolve.flows.volumes import volumes
from formula2dgm.resolve.scaffold.flows import scaffold_flow
from formula2dgm.resolve.statements.model import Model
from formula2dgm.resolve.statements.named import NamedValues
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Step:
    """One network, forward or inverted; ``binding`` is None for a default one."""

    name: Name
    symbol: tree.Symbol
    inverted: bool
    binding: Binding | None

    @property
    def value(self) -> NetworkValue | None:
        """What is bound to it."""
        return self.binding.value if self.binding and isinstance(self.binding.value, NetworkValue) else None


def is_inverse(head: tree.Node) -> bool:
    """``f^{-1}``."""
    return isinstance(head, tree.Power) and str(head.exponent) == "-1"


def names_function(model: Model, named: NamedValues, head: tree.Node, inside: tuple[str, ...] = ()) -> bool:
    """Is every function of the head bound to a network?"""
    if isinstance(head, tree.Power):
        return is_inverse(head) and names_function(model, named, head.base, inside)
    if isinstance(head, tree.Mul):
        return set(head.ops) == {"circ"} and all(names_function(model, named, each, inside) for each in head.factors)
    if not isinstance(head, tree.Symbol):
        return False
    name = read_name(head, model.indices, head=True)
    definition = model.definitions.get(name.full)
    if definition is not None and name.full not in inside:
        return names_function(model, named, definition.body, (*inside, name.full))
    return named.is_network(name) or bool(_members(named, name))


def _members(named: NamedValues, name: Name) -> list[tuple[Name, Binding]]:
    """The members of a list that is bound to a name, the first applied first."""
    found: list[tuple[Name, Binding]] = []
    while True:
        member = replace(name, labels=(*name.labels, str(len(found) + 1)))
        binding = named.find(member)
        if binding is None or not binding.part:
            return found
        found.append((member, binding))


def steps_of(context: Context, head: tree.Node, inside: tuple[str, ...] = ()) -> tuple[Step, ...] | None:
    """The steps of a head, the first applied first; None for a head that is no function."""
    if isinstance(head, tree.Power) and is_inverse(head):
        steps = steps_of(context, head.base, inside)
        return None if steps is None else turned(steps)
    if isinstance(head, tree.Mul):
        functions, call = composed(head)
        parts = [steps_of(context, each, inside) for each in reversed(functions)]
        if call is not None or not parts or any(each is None for each in parts):
            return None
        return tuple(step for part in parts for step in part or ())
    if not isinstance(head, tree.Symbol):
        return None
    name = read_name(head, context.model.indices, head=True)
    if isinstance(head, FlowMap):
        return (Step(name, head, False, None),)
    definition = context.model.definitions.get(name.full)
    if definition is not None and name.full not in inside:
        return steps_of(context, definition.body, (*inside, name.full))
    if any(each.plain(head) is not None for each in context.averages):
        raise context.refuse(
            "F2D-0722",
            f"{head} has averaged weights, which are read only where a network is applied by itself",
            head.span,
            f"write the calls out: {head}(...)",
        )
    binding = context.named.find(name)
    if binding is not None and isinstance(binding.value, NetworkValue):
        return (Step(name, head, False, binding),)
    if binding is None and (members := _members(context.named, name)):
        written = " circ ".join(each.full for each, _ in reversed(members))
        context.assume(f"{name.full} is {written}, the list bound to it", head.span)
        return tuple(
            Step(each, replace(head, sub=(tree.Number(each.labels[-1], span=head.span), *head.sub)), False, bound)
            for each, bound in members
        )
    if binding is None and context.options.scaffold and name.full in volumes(context):
        return (Step(name, head, False, None),)
    return None


def turned(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps of the inverse."""
    return tuple(Step(each.name, each.symbol, not each.inverted, each.binding) for each in reversed(steps))


def is_special(context: Context, steps: Sequence[Step]) -> bool:
    """Is this more than one call of a network for its value alone?"""
    if len(steps) != 1 or steps[0].inverted or steps[0].value is None:
        return True
    value = steps[0].value
    return value.invertible or steps[0].binding.part != "" or steps[0].name.full in volumes(context)  # type: ignore[union-attr]


def run(
    context: Context,
    steps: Sequence[Step],
    value: ir.Node,
    given: tuple[ir.Node, ...],
    call: tree.Node,
    evaluate: Evaluate,
    scope: Scope,
    scored: bool = True,
) -> tuple[ir.Node, list[ir.Node]]:
    """The value after all steps, and the log-determinant of each where it is ``scored``; what a step undoes is not
    computed again."""
    log_dets: list[ir.Node] = []
    make = context.arena.make
    for step in steps:
        if isinstance(step.symbol, FlowMap):
            value, log_det = follow(context, step.symbol, step.inverted, value, evaluate, scope, scored)
            log_dets += [] if log_det is None else [log_det]
            continue
        undone = _undone(context, step, value, given)
        if undone is not None:
            log_dets.append(make(ir.Neg, make(ir.Head, undone, None, None, ir.LOG_DET)))
            value = undone.args[0]
            continue
        made = _call(context, step, (value, *given), call)
        if made.method == "plain":
            value = make(ir.Head, made, None, None, origin=call)
            if step.value is not None and step.value.sigmoid:
                value = make(ir.Apply, "sigmoid", (value,))
            continue
        value = make(ir.Head, made, None, None, ir.VALUE, origin=call if step is steps[-1] else None)
        log_dets.append(make(ir.Head, made, None, None, ir.LOG_DET))
    return value, log_dets


def _undone(context: Context, step: Step, value: ir.Node, given: tuple[ir.Node, ...]) -> ir.NetCall | None:
    """The call that this step inverts: f^{-1}(f(x)) is x."""
    match value:
        case ir.Head(call, None, None, ir.VALUE) if call.network == _attribute(step) and call.args[1:] == given:
            opposite = "forward" if step.inverted else "inverse"
            return call if call.method == opposite and not call.frozen else None
    return None


def _attribute(step: Step) -> str:
    return attribute(step.name.full)


def _call(context: Context, step: Step, args: tuple[ir.Node, ...], call: tree.Node) -> ir.NetCall:
    """One call of a step's network, entered in the program's list of networks."""
    key, value = _attribute(step), step.value
    if value is None:
        return scaffold_flow(context, step.name, step.inverted, args, call)
    if step.inverted and not value.invertible:
        raise context.refuse(
            "F2D-0230",
            f"{step.name.full} is inverted, but what is bound to it has no inverse",
            step.symbol.span,
            "bind a module with inverse(y), such as f2d.flows.AffineCoupling, or a transform of zuko",
        )
    if step.name.group and step.name.full not in context.named.values:
        context.claim_group(step.name.id, (), step.name.group, call)
    assert step.binding is not None
    inputs = tuple(f"input_{position}" for position in range(len(args)))
    group = step.name.group[0] if step.name.group else None
    binding = (step.binding.key.text, step.binding.part)
    network = Network(key, step.name.full, inputs, False, group, None, value.sigmoid, binding)
    network = replace(network, stateful=value.stateful, random=value.stochastic)
    context.networks.setdefault(key, network)
    method = "plain"
    if value.invertible:
        method = "inverse" if step.inverted else "forward"
    elif step.name.full in volumes(context):
        if value.sigmoid:
            raise context.refuse(
                "F2D-0231",
                f"the Jacobian of {step.name.full} is taken, but it is bound as f2d.Sigmoid",
                step.symbol.span,
                "bind a module that returns the value itself",
            )
        method = "differentiation"
        context.assume(
            f"{step.name.full} has no inverse: the determinant of its Jacobian is computed exactly, by automatic "
            "differentiation of every output",
            step.symbol.span,
        )
    made = context.call(key, args, stochastic=value.stochastic, origin=call)
    return context.arena.make(ir.NetCall, key, args, made.frozen, made.copy, method, origin=call)
