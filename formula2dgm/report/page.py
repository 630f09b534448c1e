"""``explain`` as a page: the typeset formula, the factor graph and the code beside each other, in one HTML file."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from formula2dgm import resources
from formula2dgm.report.drawing import Drawing
from formula2dgm.report.explain import call_text, draw_text, line_numbers, network_text, shape_text, share_text
from formula2dgm.report.highlight import highlighted
from formula2dgm.report.mathml import to_mathml


class Line(NamedTuple):
    """A line of the code, and the piece of the formula that it computes."""

    html: Markup
    piece: str | None


def explain_page(contract: dict[str, Any], source: str, title: str = "") -> str:
    """A page that needs nothing else: no network, no file beside it.

    To point at a term lights its lines in the code, and to point at a line what it computes.
    """
    formula = contract["formula"]
    drawing = Drawing(contract["graph"]).svg
    return _template().render(
        title=title or formula["ascii"].splitlines()[-1],
        summary=_summary(contract),
        statements=[Markup(to_mathml(each)) for each in formula["marked"]],
        graph=Markup(drawing),
        code=_code(contract, source),
        objectives=[_objective(each, contract) for each in contract["objectives"]],
        lists=[
            ("Shared work", [share_text(each) for each in contract["shares"]]),
            ("Draws", [draw_text(each) for each in contract["sites"]]),
            ("Assumed", [each["text"] for each in contract["assumptions"]]),
            ("Networks", [network_text(each) for each in contract["networks"]]),
            ("Warnings and notes", [f"{each['code']}: {each['message']}" for each in contract["diagnostics"]]),
        ],
    )


def in_frame(page: str, height: int = 720) -> str:
    """The page inside a notebook's cell, its style its own."""
    look = f"width:100%;height:{height}px;border:1px solid #dfe2e7;border-radius:6px;background:white"
    return f'<iframe srcdoc="{escape(page, quote=True)}" style="{look}"></iframe>'


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.templates()),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("explain.html.j2")


def _summary(contract: dict[str, Any]) -> str:
    terms = sum(len(each["terms"]) for each in contract["objectives"])
    counts = [(terms, "term"), (len(contract["networks"]), "network"), (len(contract["sites"]), "draw")]
    return " · ".join(f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in counts)


def _code(contract: dict[str, Any], source: str) -> list[Line]:
    pieces = {line: each["id"] for each in contract["pieces"] for line in each["lines"]}
    return [Line(Markup(text), pieces.get(number)) for number, text in enumerate(highlighted(source), 1)]


def _objective(objective: dict[str, Any], contract: dict[str, Any]) -> dict[str, Any]:
    who = f"{objective['player']}: " if objective["player"] else ""
    trains = f", training {', '.join(objective['trains'])}" if objective["trains"] else ""
    places = {_place(each["range"]): each["id"] for each in contract["pieces"]}
    return {
        "heading": f"{who}{objective['direction']}{trains}",
        "terms": [
            {
                **term,
                "piece": places.get(_place(term["range"])),
                "shapes": [shape_text(each) for each in term["shapes"]],
                "calls": [call_text(each) for each in term["calls"]],
                "assumed": [contract["assumptions"][number]["text"] for number in term["assumptions"]],
                "lines": line_numbers(term["lines"]),
            }
            for term in objective["terms"]
        ],
    }


def _place(place: dict[str, Any] | None) -> tuple[Any, ...] | None:
    return None if place is None else (place["source"], place["start"], place["end"])
