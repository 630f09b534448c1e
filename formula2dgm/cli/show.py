"""``formula2dgm show``: any stage of the compilation."""

from __future__ import annotations

import argparse
import json
from pprint import pformat

from formula2dgm import driver
from formula2dgm.cli.compile import analysed, written
from formula2dgm.cli.model import texts
from formula2dgm.cli.networks import load_networks
from formula2dgm.ir.text import program_text
from formula2dgm.passes import run_passes
from formula2dgm.report.contract import contract
from formula2dgm.report.graphs import to_dot, to_mermaid


def run(given: argparse.Namespace) -> int:
    text = _shown(given).rstrip()
    print(json.dumps({"shown": given.form, "text": text}) if given.json else text)
    return 0


def _shown(given: argparse.Namespace) -> str:
    if given.form in ("ascii", "latex", "tree"):
        statements = driver.read(texts(given), given.macros, given.labels).raise_errors().statements
        if given.form == "latex":
            return "\n".join(each.latex() for each in statements)
        return "\n".join(map(str if given.form == "ascii" else pformat, statements))
    networks = load_networks(given.networks)
    program = analysed(given, networks)
    if given.form == "code":
        return written(program, "module", networks)
    optimised = run_passes(program)
    if given.form == "ir":
        return program_text(optimised)
    graph = contract(optimised)["graph"]
    return to_dot(graph) if given.form == "dot" else to_mermaid(graph)
