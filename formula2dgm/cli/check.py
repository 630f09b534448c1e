"""``formula2dgm check``: errors and warnings, without torch."""

from __future__ import annotations

import argparse
import json
import sys

from formula2dgm import driver
from formula2dgm.cli.model import options, texts, values
from formula2dgm.resolve import Bindings


def run(given: argparse.Namespace) -> int:
    found = driver.check(texts(given), Bindings.of(values(given)), options(given), given.macros)
    errors = sum(each.severity == "error" for each in found)
    if given.json:
        print(json.dumps({"diagnostics": [each.to_json() for each in found]}, indent=2))
    else:
        for each in found:
            print(each, end="\n\n", file=sys.stderr)
        warnings = len(found) - errors
        print(f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}")
    return 1 if errors else 0
