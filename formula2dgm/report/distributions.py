"""A distribution for people: its factors, what it can be asked and what not, and its factor graph."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.joints import Factor
from formula2dgm.ir.program import Objective, Program, Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.ir.text import to_text
from formula2dgm.report.factor_graph import factor_graph
from formula2dgm.resolve.distributions.ways import Cases, Flow, Mixture, Way, way_of


def distribution_text(program: Program) -> str:
    """The factors in the order drawn, the questions with an answer, those without, and the assumptions."""
    joint = program.joint
    assert joint is not None
    given = f" given {', '.join(joint.given)}" if joint.given else ""
    lines = [program.ascii, "", f"A distribution of {', '.join(joint.shown)}{given}. In the order drawn:"]
    for each in joint.factors:
        family = each.law.family if each.law is not None else _unnamed(program, each)
        gone = " (integrated out)" if set(each.variables) & joint.hidden else ""
        lines.append(f"  {', '.join(each.variables)} ~ {each.label}: {family}{gone}")
    known = [each.name for each in program.queries if each.refusal is None]
    lines += ["", f"It answers {', '.join(known)}."]
    for query in program.queries:
        if query.refusal is not None:
            lines.append(f"  no {query.name}: {query.refusal.message}")
    if program.assumptions:
        lines += ["", "Assumed:", *(f"  - {each.text}" for each in program.assumptions)]
    return "\n".join(lines)


def _unnamed(program: Program, factor: Factor) -> str:
    """What is known of a factor that is no single law."""
    plates: list[str] = []
    log = factor.log
    while isinstance(log, ir.Reduce) and log.axis.kind == "plate":
        plates.append(log.axis.name)
        log = log.body
    family = _kind(way_of(program.arena, log, factor.variables[0]))
    return f"{family}, for each {' and '.join(plates)}" if plates else family


def _kind(way: Way | None) -> str:
    """A family, a mixture, a flow; or that only the logarithm is known."""
    match way:
        case ir.Law(family=family):
            return family
        case Mixture():
            return "a mixture"
        case Flow(_, _, name):
            return f"made of {name} by a change of variables"
        case Cases(category, _):
            return f"one of several, by {to_text(category)}"
    return "known by its logarithm alone"


def distribution_graph(program: Program) -> dict[str, Any]:
    """The factor graph: what is given is data, what is drawn is latent."""
    joint = program.joint
    assert joint is not None
    sample = next(each for each in program.queries if each.name == "sample")
    nodes = [each.node for each in program.sites] if sample.refusal is None else [each.log for each in joint.factors]
    one = program.arena.make(ir.Const, 1)
    drawn = Objective(tuple(Term(str(i), one, node) for i, node in enumerate(nodes)), True)
    inputs = program.inputs
    if sample.refusal is None:
        inputs = tuple(each for each in program.inputs if each.name in joint.given)
    graph = factor_graph(replace(program, inputs=inputs, objectives=(drawn,), queries=()))
    return graph if sample.refusal is not None else {**graph, "edges": _with_cases(program, graph["edges"])}


def _with_cases(program: Program, edges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The edges with the draws of a density that is bound value by value as one density, given the category too."""
    assert program.joint is not None
    factors: dict[str, tuple[Factor, list[str]]] = {}
    for each in program.joint.factors:
        match way_of(program.arena, each.log, each.variables[0]):
            case Cases(category, parts):
                read = sorted({node.name for node in walk(category) if isinstance(node, ir.Data)})
                factors |= {part.label: (each, read) for part in parts if isinstance(part, ir.Law)}
    out: list[dict[str, Any]] = []
    for edge in edges:
        if edge["density"] not in factors:
            out.append(edge)
            continue
        factor, read = factors[edge["density"]]
        one = {**edge, "density": factor.label}
        sources = [*read, *([edge["from"]] if edge["from"] is not None else [])]
        out += [made for each in sources if (made := {**one, "from": each}) not in out]
    return out
