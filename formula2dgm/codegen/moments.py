"""The parts of means and variances of mixtures: each gets a variable, named by what it is."""

from __future__ import annotations

from formula2dgm.codegen.notation import notation
from formula2dgm.codegen.statements import Preparation
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.joints import Query
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk

_COMPOSED = (ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Reduce)


def write_parts(program: Program, query: Query, preparation: Preparation) -> None:
    """A statement for each part of the answers, the first computed first."""
    scope, means = preparation.scope, _means(program)
    weighted = _weighted(query.nodes)
    parameters = {each for node in walk(*query.nodes) if isinstance(node, ir.Law) for each in walk(node)}
    for node in walk(*query.nodes):
        if node in query.nodes or node in scope.bound or node in parameters:
            continue
        name = _name(program, query, node, weighted, means)
        if name is not None:
            demand: Demand = "value" if node.event == "value" else "number"
            preparation.compute(node, scope.names.fresh(name, f"{query.name}_part"), demand)


def _name(
    program: Program, query: Query, node: ir.Node, weighted: set[ir.Node], means: dict[ir.Node, str]
) -> str | None:
    """What a part is called; None for one that stays inside its expression."""
    match node:
        case _ if node in means:
            return means[node]
        case ir.Moment():
            return notation(program, node)
        case ir.Choice(category, (first, *_)):
            kind = next((each.kind for each in walk(first) if isinstance(each, ir.Moment)), query.name)
            return f"{kind} at {notation(program, category)}"
        case ir.Apply("exp", (ir.LogProb(),)):
            return notation(program, node)
        case _ if isinstance(node, _COMPOSED) and node.event == "value" and node in weighted:
            return "squares"
    return None


def _means(program: Program) -> dict[ir.Node, str]:
    """The means of the variables, of which variances are made."""
    known = next((each.answers for each in program.queries if each.name == "mean"), ())
    return {node: f"mean of {name}" for name, node in known if isinstance(node, _COMPOSED)}


def _weighted(nodes: list[ir.Node]) -> set[ir.Node]:
    """The values that meet a number with axes of its own, which takes its dimensions from a variable."""
    found: set[ir.Node] = set()
    for node in walk(*nodes):
        if any(each.event == "number" and each.axes for each in node.children):
            found.update(node.children)
    return found
