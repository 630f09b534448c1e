"""The one description of a compiled program that every view renders: text, JSON, graphs, editors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from formula2dgm import registry
from formula2dgm.codegen import Generated
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Assumption, Objective, Program, Site, Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.ir.text import to_text
from formula2dgm.report.costs import network_calls, shapes_in
from formula2dgm.report.factor_graph import factor_graph
from formula2dgm.report.words import in_words
from formula2dgm.spans import Span
from formula2dgm.syntax.printer_marked import MarkedPrinter


def contract(program: Program, generated: Generated | None = None) -> dict[str, Any]:
    """Statements, terms with ids, places, meaning, estimator, sharing, lines of code; assumptions; the factor graph.

    Plain data: ``json.dumps`` writes it. Line numbers and shares are there once code was generated.
    """
    pieces = pieces_of(program, generated)
    return {
        "formula": {"ascii": program.ascii, "latex": program.latex, "marked": marked(program, pieces)},
        "objectives": [_objective(number, each, program, generated) for number, each in enumerate(program.objectives)],
        "pieces": [
            {"id": name, "range": _range(span), "lines": _lines(span, generated)} for span, name in pieces.items()
        ],
        "inputs": [
            {
                "name": each.name,
                "latex": each.latex,
                "axes": [axis.name for axis in each.axes],
                "shape": list(each.shape) if each.shape is not None else None,
                "support": each.support,
            }
            for each in program.inputs
        ],
        "hyperparameters": [{"name": each.name, "default": each.default} for each in program.hyperparameters],
        "networks": [
            {"name": each.name, "label": each.label, "inputs": list(each.inputs), "default": each.scaffold is not None}
            for each in program.networks
        ],
        "sites": [
            {
                "name": each.name,
                "variable": each.variable,
                "law": _law(each.law) if each.law else None,
                "axes": [str(axis) for axis in each.axes],
                "estimator": each.estimator,
            }
            for each in program.sites
        ],
        "shares": [
            {"kind": each.kind, "what": each.what, "users": list(each.users)}
            for each in (generated.shares if generated else ())
        ],
        "assumptions": [{"text": each.text, "range": _range(each.span)} for each in program.assumptions],
        "diagnostics": [each.to_json() for each in program.diagnostics],
        "graph": factor_graph(program),
    }


def pieces_of(program: Program, generated: Generated | None) -> dict[Span, str]:
    """The places of the text that terms or lines of the code stand for, each with a name, in the text's order."""
    spans = [term.span for objective in program.objectives for term in objective.terms if term.span is not None]
    spans += generated.lines.values() if generated else ()
    sources = list(dict.fromkeys(each.source for each in spans))
    ordered = sorted(set(spans), key=lambda each: (sources.index(each.source), each.start, -each.end))
    return {span: f"piece-{number}" for number, span in enumerate(ordered, 1)}


def marked(program: Program, pieces: dict[Span, str]) -> list[str]:
    """The LaTeX of each statement, its pieces marked with ``\\class{piece-1}{...}``."""
    return [MarkedPrinter(pieces).formula(each) for each in program.statements]


def _lines(span: Span | None, generated: Generated | None) -> list[int]:
    return [line for line, place in generated.lines.items() if place == span] if generated else []


def _objective(number: int, objective: Objective, program: Program, generated: Generated | None) -> dict[str, Any]:
    return {
        "id": f"objective-{number + 1}",
        "player": objective.player,
        "trains": list(objective.trains) if objective.trains is not None else None,
        "direction": "maximise" if objective.maximize else "minimise",
        "name": objective.name,
        "range": _range(objective.span),
        "terms": [
            _term(f"term-{number + 1}.{i + 1}", each, program, generated) for i, each in enumerate(objective.terms)
        ],
    }


def _term(identity: str, term: Term, program: Program, generated: Generated | None) -> dict[str, Any]:
    return {
        "id": identity,
        "name": term.name,
        "coefficient": to_text(term.coefficient),
        "meaning": to_text(term.node),
        "words": in_words(term.node),
        "computed": how_computed(term, program.sites),
        "shapes": shapes_in(term.node, program),
        "calls": network_calls(term.node),
        "assumptions": [number for number, each in enumerate(program.assumptions) if _is_of(each, term, program)],
        "range": _range(term.span),
        "lines": _lines(term.span, generated),
    }


def _is_of(assumption: Assumption, term: Term, program: Program) -> bool:
    """Was it assumed for this term: at its place, or where one of its distributions, draws or networks is said?"""
    parts = (each for each in walk(term.node) if isinstance(each, ir.Law | ir.Draw | ir.NetCall | ir.Head))
    places = [term.span, *(origin.span for each in parts for origin in program.arena.origins(each))]
    return any(place is not None and _overlap(place, assumption.span) for place in places)


def _overlap(one: Span, other: Span | None) -> bool:
    return other is not None and one.source is other.source and one.start < other.end and other.start < one.end


#: How a description calls the gradient at a draw, by its estimator.
GRADIENTS = {
    "pathwise": "pathwise",
    "detached": "without gradient",
    "score": "its gradient the score function's",
    "relaxed": "relaxed, its gradient pathwise",
    "straight-through": "its gradient that of the mean (straight-through)",
}


def how_computed(term: Term, sites: Sequence[Site]) -> list[str]:
    """In words: what is exact, what is estimated and at which draws, what is averaged."""
    out: list[str] = []
    estimators = {each.name: each.estimator for each in sites}
    for node in walk(term.node):
        match node:
            case ir.Divergence(name, left, right):
                out.append(f"{name} of {left.label} and {right.label} in closed form ({left.family}, {right.family})")
            case ir.Entropy(law):
                out.append(f"entropy of {law.label} in closed form ({law.family})")
            case ir.LogProb(law, _) if choices(law):
                out.append(f"{law.label} is a {law.family} of {', '.join(choices(law))}")
            case ir.Draw(law, site, _, _):
                out.append(f"estimated at {site} ~ {law.label}, {GRADIENTS[estimators[site]]}")
            case ir.Coupled(value, to):
                out.append(f"{to_text(value)} is paired with {to_text(to)}: the nearest assignment within the batch")
            case ir.Permuted(value, to=ir.Node() as to):
                out.append(f"{to_text(value)} is paired with {to_text(to)}: draws of an entropic plan of the batch")
            case ir.Permuted(_, site, _):
                out.append(f"{site} is paired at random within the batch")
            case ir.Reduce(op, axis, body):
                if any(isinstance(each, ir.Enumerated) and each.axis == axis for each in walk(body)):
                    out.append(f"exact: summed over all values of {axis.name}")
                elif axis.kind == "batch":
                    out.append(f"{op} over the {axis.name}")
                else:
                    out.append(f"{op} over {axis.name}" + (f" = 1..{axis.size}" if axis.size else ""))
    return list(dict.fromkeys(out))


_CHOICES = {
    "one_hot": "one-hot values",
    "soft": "soft labels",
    "hard_density": "values scored by the density of what it relaxes",
}


def choices(law: ir.Law) -> list[str]:
    """What was chosen of a law beside its parameters: options that are set, and settings with their numbers."""
    chosen, family = dict(law.options), registry.family(law.family)
    settings = [f"{name}={chosen.get(name, default)}" for name, default in family.settings if name != "dim"]
    return [*(_CHOICES.get(name, name) for name in family.options if chosen.get(name)), *settings]


def _law(law: ir.Law) -> str:
    return f"{law.label} ({', '.join([law.family, *choices(law)])})"


def _range(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    return {"source": span.source.name, "start": span.start, "end": span.end}
