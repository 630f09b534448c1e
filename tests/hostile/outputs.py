"""Everything that is written of a text, as digests: run in processes that differ in what must not matter."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from formula2dgm import driver, mistakes
from formula2dgm.codegen import generate
from formula2dgm.diagnostics import FormulaError
from formula2dgm.options import make_options
from formula2dgm.passes import run_passes
from formula2dgm.report.contract import contract
from formula2dgm.report.drawing import Drawing
from formula2dgm.report.explain import explain_text
from formula2dgm.report.graphs import to_dot, to_mermaid
from formula2dgm.report.page import explain_page


def outputs(text: str | Path) -> dict[str, str]:
    """The module, the report, the page, the graphs and what a check says of one text."""
    written = {"check": "\n\n".join(map(str, driver.check(text, options=make_options(scaffold=True))))}
    try:
        program = run_passes(driver.analyse(text, options=make_options(scaffold=True)))
        generated = generate(program)
        facts = contract(program, generated)
    except FormulaError as error:
        assert error.diagnostics[0].code != mistakes.CODE, str(error)
        return written | {"error": str(error)}
    return written | {
        "module": generated.source,
        "json": json.dumps(facts),
        "text": explain_text(facts),
        "page": explain_page(facts, generated.source),
        "dot": to_dot(facts["graph"]),
        "mermaid": to_mermaid(facts["graph"]),
        "picture": Drawing(facts["graph"]).svg,
    }


def digests(texts: list[str]) -> list[dict[str, str]]:
    """The outputs of texts and of files, ``@path``, each as a digest."""
    made = (outputs(Path(each[1:]) if each.startswith("@") else each) for each in texts)
    return [{name: hashlib.sha256(each.encode()).hexdigest()[:16] for name, each in found.items()} for found in made]


if __name__ == "__main__":
    print(json.dumps(digests(json.load(sys.stdin))))
