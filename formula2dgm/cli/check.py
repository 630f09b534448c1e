"""``formula2dgm check``: errors and warnings, without torch."""

from __future__ import annotations

import argparse

from formula2dgm import driver
from formula2dgm.cli.main import report, status_of
from formula2dgm.cli.model import options, texts, unused_sets, values


def run(given: argparse.Namespace) -> int:
    sets = values(given)
    codes = [code for each in given.ignore for code in each.split(",")]
    found = driver.check(texts(given), sets, options(given), given.macros, given.labels, codes)
    unused = unused_sets(found, sets)
    if unused:
        found = [*(each for each in found if each.code != "F2D-0706"), *unused]
    if found or given.json:
        report(found, given)
    if not given.json:
        counts = {kind: sum(each.severity == kind for each in found) for kind in ("error", "warning", "note")}
        print(", ".join(_count(number, kind) for kind, number in counts.items() if number or kind != "note"))
    strict = given.strict and any(each.severity == "warning" for each in found)
    return status_of(found) or int(strict)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
