"""``formula2dgm explain``: how every term is computed; or what an error code means."""

from __future__ import annotations

import argparse
import json
import re
import sys

from formula2dgm import resources
from formula2dgm.cli.model import analyse
from formula2dgm.cli.networks import load_networks
from formula2dgm.codegen import generate
from formula2dgm.passes import run_passes
from formula2dgm.report.contract import contract
from formula2dgm.report.explain import explain_text
from formula2dgm.resolve import Bindings


def run(given: argparse.Namespace) -> int:
    if re.fullmatch(r"(?i)F2D-?\d{4}", given.formula[0]):
        return _explain_code(given.formula[0])
    networks = load_networks(given.networks)
    program = run_passes(analyse(given, networks.described.bindings if networks else Bindings()))
    found = contract(program, generate(program))
    print(json.dumps(found, indent=2) if given.json else explain_text(found), end="")
    return 0


def _explain_code(code: str) -> int:
    digits = code[-4:]
    page = resources.error_page(f"F2D-{digits}")
    if page is None:
        print(f"there is no error code {code}; docs/errors.md lists all", file=sys.stderr)
        return 2
    print(page, end="")
    return 0
