"""An objective in a notebook: its formula, typeset; what was assumed; what is to be said of it; its graph."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from formula2dgm.report.drawing import Drawing
from formula2dgm.report.mathml import to_mathml


def objective_html(contract: dict[str, Any]) -> str:
    """A piece of HTML that needs no script: the formula as MathML, lists, and the factor graph to unfold."""
    formulas = "".join(f'<div style="margin:0.4em 0">{to_mathml(each)}</div>' for each in contract["formula"]["marked"])
    said = [f"{each['severity']} {each['code']}: {each['message']}" for each in contract["diagnostics"]]
    lists = _list("Assumed", (each["text"] for each in contract["assumptions"])) + _list("To be said", said)
    graph = Drawing(contract["graph"], contract["formula"]["ascii"]).svg
    return f"<div>{formulas}{lists}<details><summary>Graph</summary>{graph}</details></div>"


def _list(title: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(each)}</li>" for each in lines)
    return f"<p>{title}</p><ul>{items}</ul>" if items else ""
