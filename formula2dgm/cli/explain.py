"""``formula2dgm explain``: how every term is computed; or what an error code means."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from formula2dgm import resources
from formula2dgm.bindings import Bindings
from formula2dgm.cli.compile import analysed
from formula2dgm.cli.model import options, texts, together, values
from formula2dgm.cli.networks import UserNetworks, load_networks
from formula2dgm.codegen import generate
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir.program import Program
from formula2dgm.paper import objectives_apart
from formula2dgm.passes import run_passes
from formula2dgm.report.apart import Described, apart_data, apart_text
from formula2dgm.report.contract import contract
from formula2dgm.report.explain import explain_text
from formula2dgm.report.page import explain_page


def run(given: argparse.Namespace) -> int:
    if re.fullmatch(r"(?i)F2D-?\d+", given.formula[0]):
        return _explain_code(given.formula[0])
    networks = load_networks(given.networks)
    try:
        found = _described(analysed(given, networks))
    except FormulaError as error:
        choose = next((each for each in error.diagnostics if each.code == "F2D-0818"), None)
        if choose is None:
            raise
        return _each_by_itself(given, networks, choose, error)
    if given.html is not None:
        Path(given.html).write_text(explain_page(found.contract, found.source, _title(given)), encoding="utf-8")
        print(f"wrote {given.html}")
        return 0
    print(json.dumps(found.contract, indent=2) if given.json else explain_text(found.contract).rstrip())
    return 0


class _Found(NamedTuple):
    contract: dict[str, Any]
    source: str


def _described(program: Program) -> _Found:
    optimised = run_passes(program)
    generated = generate(optimised)
    return _Found(contract(optimised, generated), generated.source)


def _title(given: argparse.Namespace) -> str:
    names = [Path(each).name for each in given.formula if Path(each).is_file()]
    return ", ".join(names)


def _each_by_itself(
    given: argparse.Namespace, networks: UserNetworks | None, why: Diagnostic, error: FormulaError
) -> int:
    """The objectives of a document whose displays are no one model."""
    bound = together(networks.described.bindings if networks else Bindings(), values(given))
    found: list[Described] = []
    for each in objectives_apart(texts(given), bound, options(given), given.macros):
        what = each.errors if each.program is None else _described(each.program).contract
        found.append((each.number, each.entry.formula.span, each.statement, what))
    if not found:
        raise error
    print(json.dumps(apart_data(found), indent=2) if given.json else apart_text(found, why).rstrip())
    return 0 if any(isinstance(what, dict) for *_, what in found) else 1


def _explain_code(code: str) -> int:
    digits = code[3:].lstrip("-")
    page = resources.error_page(f"F2D-{digits}")
    if page is None:
        print(f"there is no error code {code}; docs/errors.md lists all", file=sys.stderr)
        return 2
    print(page, end="")
    return 0
