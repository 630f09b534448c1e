"""What must hold of a program after every stage. A failure is a defect of the compiler, never of the formula."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Objective, Program, Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.ir.text import to_text

#: The nodes a coefficient may be made of: a sign, numbers and hyperparameters.
SCALAR_NODES = (ir.Const, ir.Hyper, ir.Size, ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply)


#: The nodes that may have fewer axes than what they are computed from.
_REMOVES_AXES = (
    ir.Reduce | ir.Dimension | ir.ChainSum | ir.Stack | ir.At | ir.AtStep | ir.Picked | ir.Sequence | ir.Carrying
)


class VerificationError(AssertionError):
    """A stage produced a program that breaks an invariant."""


def verify(program: Program, stage: str = "resolve") -> Program:
    """Check every invariant and return the program; ``stage`` names the culprit in the message."""
    problems = list(_problems(program))
    if problems:
        raise VerificationError(f"after {stage}:\n" + "\n".join(f"  - {each}" for each in problems))
    return program


def _problems(program: Program) -> Iterator[str]:
    if not program.objectives and not program.queries:
        yield "the program has no objective"
    for objective in program.objectives:
        yield from _objective_problems(program, objective)
    names = _Names(program)
    for node in walk(*program.roots):
        yield from _reduction_problems(node)
        yield from names.problems(node)
    yield from _recurrence_problems(list(walk(*program.roots)))
    for name, value in program.generative:
        if not any(isinstance(each, ir.Draw) for each in walk(value)):
            yield f"the model's {name} is drawn from nothing"


def _objective_problems(program: Program, objective: Objective) -> Iterator[str]:
    names = [term.name for term in objective.terms]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"two terms are named {name!r}"
    for term in objective.terms:
        yield from _term_problems(program, term)


def _term_problems(program: Program, term: Term) -> Iterator[str]:
    for axis in term.node.axes:
        if program.reduction != "none" or axis.kind != "batch":
            yield f"the axis {axis} is left at the root of {term.name!r}"
    if term.node.event not in ("number", "open"):
        yield f"the term {term.name!r} is a {term.node.event}, not a number"
    for node in walk(term.coefficient):
        if not isinstance(node, SCALAR_NODES):
            yield f"the coefficient of {term.name!r} holds a {type(node).__name__}"


def _recurrence_problems(nodes: list[ir.Node]) -> Iterator[str]:
    """The step before a draw or a state has its own axes."""
    draws = {node.site: node for node in nodes if isinstance(node, ir.Draw | ir.State)}
    for node in nodes:
        if not isinstance(node, ir.Previous):
            continue
        if node.site not in draws:
            yield f"{to_text(node)} has no draw or state of its own"
        elif set(node.axes) != set(draws[node.site].axes):
            axes = ", ".join(map(str, draws[node.site].axes))
            yield f"{to_text(node)} has other axes than its draw: {axes}"


def _reduction_problems(node: ir.Node) -> Iterator[str]:
    if isinstance(node, ir.Reduce) and node.axis not in node.body.axes:
        yield f"{to_text(node)} reduces an axis that its body does not have"
    if not isinstance(node, _REMOVES_AXES):
        lost = {axis for child in node.children for axis in child.axes} - set(node.axes)
        if lost and not isinstance(node, ir.Enumerated):
            yield f"{to_text(node)} loses {', '.join(map(str, lost))}, and is no reduction"


class _Names:
    """Whatever a node names is declared by the program."""

    def __init__(self, program: Program):
        self.data = {each.name for each in program.inputs}
        self.hypers = {each.name for each in program.hyperparameters}
        self.networks = {each.name for each in program.called}
        self.parameters = {each.name for each in program.tensors} | {each.name for each in program.tables}
        self.sites = {each.name for each in program.sites}

    def problems(self, node: ir.Node) -> Iterator[str]:
        match node:
            case ir.Data(name) if name not in self.data:
                yield f"the data {name!r} is no input"
            case ir.Hyper(name) if name not in self.hypers:
                yield f"the hyperparameter {name!r} is not declared"
            case ir.Param(name) if name not in self.parameters:
                yield f"the parameter {name!r} is not declared"
            case ir.NetCall(network) if network not in self.networks:
                yield f"the network {network!r} is not declared"
            case ir.Draw(_, site) | ir.Permuted(_, site) if site not in self.sites:
                yield f"the site {site!r} is not declared"
        for axis in node.axes:
            if isinstance(axis.size, str) and axis.size not in self.hypers:
                yield f"the axis {axis} is sized by an undeclared hyperparameter"
