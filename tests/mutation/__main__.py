"""Mutation testing: small changes of the compiler's code, one at a time in a copy of the tree: does a test notice?

    python -m tests.mutation --mutants 300 --seed 0      # goes on where it stopped; nothing in the checkout is touched
    python -m tests.mutation --mutants 300 --retry       # what survived meets the tests once more
    python -m tests.mutation --show 17                   # one mutant as a difference, and what became of it

The tests are those of ``suite.txt``.  The copy, the record and the table are under ``build/mutation``.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import itertools
import json
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.mutation import reach, trial
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.reached import IMPORTED, Reached
from tests.mutation.types import Types

CHECKOUT = Path(__file__).parents[2]
PLACE = CHECKOUT / "build" / "mutation"
COPY = PLACE / "copy"
ROOMS = ("passes", "library", "registry", "codegen")
SUITE = Path(__file__).with_name("suite.txt")
#: Seconds of computing after which a mutant counts as one that never ends.
LIMIT = 90
#: So many tests of a mutant are run alone, then so many, and the others only if these pass: most mutants need no more.
FIRST = (12, 120)


def every_mutant() -> list[Mutant]:
    """All mutants of the rooms, in order."""
    paths = [path for room in ROOMS for path in sorted((CHECKOUT / "formula2dgm" / room).glob("*.py"))]
    names = [(str(path.relative_to(CHECKOUT)), path) for path in paths]
    return [each for name, path in names for each in mutants(name, path.read_text("utf-8"), "/codegen/" in name)]


def suite() -> tuple[list[str], list[str]]:
    """The names of files and tests, and of what is left out of them."""
    lines = SUITE.read_text("utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith(("#", "-"))]
    return wanted, [line[2:] for line in lines if line.startswith("- ")]


def digest() -> str:
    """Of the text of the rooms: lines that tests run are those of one text."""
    paths = [path for room in ROOMS for path in sorted((CHECKOUT / "formula2dgm" / room).glob("*.py"))]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:12]


def measured() -> dict[str, Any]:
    """What each test of the suite runs, by a run without a mutant; kept for this code: only new tests are run again."""
    kept, new, names = PLACE / f"reached-{digest()}.json", PLACE / "new.json", PLACE / "names.json"
    known: dict[str, Any] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    wanted, left_out = suite()
    trial.run(COPY, ["--collect-only", *wanted], [trial.Tests((), COPY, left_out, names)], LIMIT, PLACE / "names.log")
    tests = [IMPORTED, *json.loads(names.read_text("utf-8"))]
    if missing := [test for test in tests if test not in known]:
        rooms = tuple(COPY / "formula2dgm" / room for room in ROOMS)
        plugins = [trial.Tests(missing, COPY), Reached(rooms, new)]
        found = trial.run(
            COPY, list(trial.files([test for test in missing if test != IMPORTED])), plugins, 1200, PLACE / "plain.log"
        )
        if found.status != "survived":
            sys.exit(f"without a mutant, {found.test} fails: {PLACE / 'plain.log'}")
        known = json.loads(new.read_text("utf-8")) | known
    known = {test: known[test] for test in tests}
    kept.write_text(json.dumps(known), "utf-8")
    return known


def tried(mutant: Mutant, tests: dict[str, Any], types: Types) -> trial.Outcome:
    """A mutant before the tests that run it; one that lives is shown to mypy."""
    wanted = reach.of(mutant, tests, COPY)
    path = COPY / mutant.path
    text = path.read_text("utf-8")
    path.write_text(mutant.applied(text), "utf-8")
    sys.dont_write_bytecode = True
    found, seconds = trial.Outcome("survived" if wanted else "unreached", "", 0.0), 0.0
    try:
        for first, last in itertools.pairwise((0, *FIRST, len(wanted))):
            some = wanted[first:last]
            if some and found.status == "survived":
                plugins = [trial.Tests(some, COPY)]
                found = trial.run(COPY, ["-x", *trial.files(some)], plugins, LIMIT, PLACE / "mutant.log", mutant.path)
                seconds += found.seconds
        if found.status in ("survived", "unreached") and (said := types.complaint()):
            found = trial.Outcome("mistyped", said, seconds)
        return found._replace(seconds=seconds)
    finally:
        path.write_text(text, "utf-8")


def main() -> None:
    """Measure, go on, or show."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.split("\n")[0])
    parser.add_argument("--mutants", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--retry", action="store_true", help="try again what survived")
    parser.add_argument("--show", type=int, metavar="N", help="show a mutant")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long; a later call goes on")
    options = parser.parse_args()
    sample = every_mutant()
    print(f"{len(sample)} mutants in all", flush=True)
    sample.sort(key=lambda each: hashlib.sha256(f"{options.seed} {key(each)}".encode()).digest())
    programs = (each for each in sample if each.parses((CHECKOUT / each.path).read_text("utf-8")))
    sample = [*itertools.islice(programs, options.mutants)]
    record = PLACE / f"seed{options.seed}.json"
    known: dict[str, Any] = json.loads(record.read_text("utf-8")) if record.exists() else {}
    if options.show is not None:
        print(shown(sample[options.show]), known.get(key(sample[options.show])))
        return
    trial.copied(CHECKOUT, COPY)
    trial.prepare(COPY)
    tests, start = measured(), time.monotonic()
    with Types(COPY, PLACE / "mypy.json") as types:
        for number, each in enumerate(sample):
            before = known.get(key(each))
            if before and not (options.retry and before["status"] in ("survived", "unreached")):
                continue
            if time.monotonic() - start > 60 * options.minutes:
                break
            found = tried(each, tests, types)
            known[key(each)] = found._asdict()
            record.write_text(json.dumps(known), "utf-8")
            print(
                f"{number:4d} {found.status:9s} {found.seconds:5.1f} s  {each.path}:{each.line} {each.kind}", flush=True
            )
    table(sample, known)


def key(mutant: Mutant) -> str:
    """What tells a mutant from others."""
    return json.dumps([value for name, value in asdict(mutant).items() if name in ("path", "start", "old", "new")])


def shown(mutant: Mutant) -> str:
    """A mutant as a difference."""
    text = (CHECKOUT / mutant.path).read_text("utf-8")
    pair = text.splitlines(), mutant.applied(text).splitlines()
    return "\n".join(difflib.unified_diff(*pair, mutant.path, mutant.kind, lineterm="", n=2))


def table(sample: list[Mutant], known: dict[str, Any]) -> None:
    """Counts by room, and what survived."""
    counts: dict[str, Counter[str]] = {room: Counter() for room in (*ROOMS, "all")}
    for each in sample:
        if found := known.get(key(each)):
            counts[each.path.split("/")[1]][found["status"]] += 1
            counts["all"][found["status"]] += 1
    kinds = ("killed", "timeout", "mistyped", "survived", "unreached")
    print("\n| room | mutants | killed by a test | never ends | by its types | survived | not run | killed, of all |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for room, found in counts.items():
        dead, every = sum(found[status] for status in kinds[:3]), max(1, sum(found.values()))
        parts = [sum(found.values()), *(found[status] for status in kinds)]
        print(f"| {room} | {' | '.join(map(str, parts))} | {100 * dead / every:.1f} % |")
    for number, each in enumerate(sample):
        found = known.get(key(each))
        if found and found["status"] in ("survived", "unreached"):
            print(f"{number:4d} {found['status']:9s} {each.path}:{each.line} {each.kind}: {each.old!r} -> {each.new!r}")


if __name__ == "__main__":
    main()
