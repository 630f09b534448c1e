"""``formula2dgm explain``: how every term is computed; or what an error code means."""

from __future__ import annotations

import argparse
import json
import re
import sys

from formula2dgm import resources
from formula2dgm.cli.compile import analysed
from formula2dgm.cli.networks import load_networks
from formula2dgm.codegen import generate
from formula2dgm.passes import run_passes
from formula2dgm.report.contract import contract
from formula2dgm.report.explain import explain_text


def run(given: argparse.Namespace) -> int:
    if re.fullmatch(r"(?i)F2D-?\d+", given.formula[0]):
        return _explain_code(given.formula[0])
    program = run_passes(analysed(given, load_networks(given.networks)))
    found = contract(program, generate(program))
    print(json.dumps(found, indent=2) if given.json else explain_text(found).rstrip())
    return 0


def _explain_code(code: str) -> int:
    digits = code[3:].lstrip("-")
    page = resources.error_page(f"F2D-{digits}")
    if page is None:
        print(f"there is no error code {code}; docs/errors.md lists all", file=sys.stderr)
        return 2
    print(page, end="")
    return 0
