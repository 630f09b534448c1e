"""``formula2dgm verify``: the generated code against the literal reference, and all else that it compares with."""

from __future__ import annotations

import argparse
import json
import sys

from formula2dgm.cli.compile import analysed
from formula2dgm.cli.model import pairs, settings, texts
from formula2dgm.cli.networks import load_networks


def run(given: argparse.Namespace) -> int:
    networks = load_networks(given.networks)
    analysed(given, networks)  # what the command line has wrong is refused as by every command
    from formula2dgm.verification.verify import verify

    bindings = {**(networks.module.bindings if networks else {}), **pairs(given.values, "--set")}
    formula = [each if not hasattr(each, "text") else each.text for each in texts(given)]
    told = (lambda said: print(f"comparing {said}", file=sys.stderr)) if sys.stderr.isatty() else None
    found = verify(
        formula if len(formula) > 1 else formula[0],
        bindings,
        seeds=given.seeds,
        progress=told,
        macros=given.macros,
        labels=given.labels,
        **settings(given),
    )
    print(json.dumps(found.to_json(), indent=2) if given.json else found)
    return 0 if found.agrees else 1
