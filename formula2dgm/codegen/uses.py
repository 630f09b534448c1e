"""Who uses what: the shared work that comments and ``explain`` tell of, and what a network's tensor is used as."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from formula2dgm.codegen.notation import call_label, notation
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Program, Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.records import dataclass

#: Is a node wanted as a number for each of its axes, or as the value with its event?
Demand = Literal["number", "value"]


@dataclass(frozen=True, slots=True)
class Share:
    """One piece of work and everything that uses it: a network call, or a draw."""

    kind: str
    what: str
    users: tuple[str, ...]


def roots(terms: tuple[Term, ...]) -> list[ir.Node]:
    """What the terms compute."""
    return [term.node for term in terms]


def users_of_calls(program: Program, terms: tuple[Term, ...]) -> dict[ir.Node, list[str]]:
    """For each network call, the draws, densities and terms that read its result."""
    readers: dict[ir.Node, dict[str, None]] = {}
    for node in walk(*roots(terms)):
        for call in _calls_read_by(node):
            readers.setdefault(call, {})[_reader_text(program, node)] = None
    for term in terms:
        for call in _direct_calls(term.node):
            readers.setdefault(call, {})[term.name] = None
    return {call: list(texts) for call, texts in readers.items()}


def users_of_draws(terms: tuple[Term, ...]) -> dict[ir.Node, list[str]]:
    """For each draw, the terms that depend on it."""
    users: dict[ir.Node, list[str]] = {}
    for term in terms:
        for node in walk(term.node):
            if isinstance(node, ir.Draw | ir.Permuted):
                users.setdefault(node, []).append(term.name)
    return users


def shares(program: Program, terms: tuple[Term, ...]) -> list[Share]:
    """All shared work of these terms, in the order computed."""
    calls, draws = users_of_calls(program, terms), users_of_draws(terms)
    found: list[Share] = []
    for node in walk(*roots(terms)):
        if isinstance(node, ir.NetCall):
            found.append(Share("call", call_label(program, node), tuple(calls.get(node, ()))))
        elif isinstance(node, ir.Draw | ir.Permuted):
            found.append(Share("draw", node.site, tuple(draws.get(node, ()))))
    return found


def demands(nodes: list[ir.Node], wanted: Demand = "number") -> dict[ir.Node, set[Demand]]:
    """For each node that a deterministic network leaves open: is it used as a number, a value, or both?

    The nodes themselves are used as ``wanted``.
    """
    found: dict[ir.Node, set[Demand]] = {}
    stack: list[tuple[ir.Node, Demand]] = [(node, wanted) for node in nodes]
    while stack:
        node, demand = stack.pop()
        if demand not in found.setdefault(node, set()):
            found[node].add(demand)
            stack.extend(_demands_of_children(node, demand))
    return found


def _demands_of_children(node: ir.Node, demand: Demand) -> Iterator[tuple[ir.Node, Demand]]:
    match node:
        case ir.NetCall(_, args):
            yield from ((arg, "value") for arg in args)
        case ir.Law(_, _, params):
            yield from ((param, "number" if node.scalar else "value") for _, param in params)
        case ir.LogProb(law, value):
            yield law, "value"
            yield value, "number" if law.scalar else "value"
        case ir.LinearChain():
            yield from ((child, "value") for child in node.children)
        case ir.LogProbAt(_, value, parts):
            yield value, "value"
            yield from ((part, "number") for part in parts)
        case ir.Norm(body):
            yield body, "value"
        case ir.Permuted() | ir.Coupled():
            yield from ((child, "number" if child.event == "number" else "value") for child in node.children)
        case ir.Component(value) | ir.EventSum(value) | ir.LogAbsDet(value) | ir.Along(value) | ir.Dimension(value):
            yield value, "value"
        case ir.EventFunction(_, args):
            yield from ((arg, "number" if arg.event == "number" else "value") for arg in args)
        case ir.Entry(value, category):
            yield value, "value"
            yield category, "value"
        case ir.ArgMin(body):
            yield body, "number"
        case ir.Nearest(value, rows):
            yield value, "value"
            yield rows, "value"
        case ir.Stack(body):
            yield body, "number"
        case ir.Entries(parts):
            yield from ((part, "number") for part in parts)
        case ir.Choice(category, parts):
            yield category, "value"
            yield from ((part, "value") for part in parts)
        case ir.Dot(left, right) | ir.MatMul(left, right):
            yield left, "value"
            yield right, "value"
        case ir.LogDetJacobian(left, right) | ir.JacobianTrace(left, right):
            yield left, "value"
            yield right, "value"
        case ir.PathPoint(start=start):
            yield start, "number" if start.event == "number" else "value"
        case ir.Solution(field, state, time, begin, end):
            yield field, "number" if state.event == "number" else "value"
            yield state, "value"
            yield from ((each, "number") for each in (time, begin, end))
        case ir.PathIntegral(path, integrand):
            yield path, "value"
            yield integrand, "number"
        case ir.Jvp(head, places, tangents):
            yield head, demand
            points = [head.call.args[place] for place in places] if isinstance(head, ir.Head) else ()
            for point, tangent in zip(points, tangents, strict=True):
                yield tangent, "number" if point.event == "number" or tangent.event == "number" else "value"
        case ir.Grad(body, wrt):
            yield body, "number"
            yield wrt, "value"
        case ir.State(body) | ir.Sequence(body) | ir.Prefix(body) | ir.Steps(body):
            yield body, "value"
        case ir.Previous(initial=initial, lengths=lengths):
            yield initial, "value"
            if lengths is not None:
                yield lengths, "number"
        case ir.Carrying(body, carried):
            yield body, demand
            yield from ((each, "value") for each in carried)
        case ir.Picked(body, _, position, ends):
            yield body, "value" if body.event == "value" else demand
            yield from ((each, "number") for each in (position, ends) if each is not None)
        case ir.At(value, _, index):
            yield value, demand
            yield index, "number"
        case _:
            own = "value" if node.event == "value" else demand if node.event == "open" else "number"
            yield from ((child, "number" if child.event == "number" else own) for child in node.children)


def _calls_read_by(node: ir.Node) -> Iterator[ir.NetCall]:
    """The calls whose results a draw, density, divergence or other call reads without another one in between."""
    match node:
        case ir.Draw(law):
            yield from _direct_calls(law)
        case ir.LogProb(law, value):
            yield from _direct_calls(law)
            yield from _direct_calls(value)
        case ir.Divergence(_, left, right):
            yield from _direct_calls(left)
            yield from _direct_calls(right)
        case ir.Entropy(law) | ir.Enumerated(law):
            yield from _direct_calls(law)
        case ir.NetCall(_, args):
            for arg in args:
                yield from _direct_calls(arg)


def _direct_calls(node: ir.Node) -> Iterator[ir.NetCall]:
    if isinstance(node, ir.NetCall):
        yield node
    elif not isinstance(node, ir.Draw | ir.LogProb | ir.Divergence | ir.Entropy | ir.Enumerated):
        for child in node.children:
            yield from _direct_calls(child)


def _reader_text(program: Program, node: ir.Node) -> str:
    match node:
        case ir.Draw():
            return f"the draw of {node.key}"
        case ir.NetCall():
            return call_label(program, node)
        case ir.Enumerated(_, axis):
            return f"the values of {axis.name}"
    return notation(program, node)


def unsized_batches(program: Program) -> list[Axis]:
    """The batches that no data sizes: a model of draws alone."""
    nodes = walk(*(node for each in program.objectives for node in roots(each.terms)))
    sized = {axis for each in program.inputs for axis in each.axes}
    axes = dict.fromkeys(axis for node in nodes for axis in node.axes)
    return [axis for axis in axes if axis.kind == "batch" and axis.size is None and axis not in sized]
