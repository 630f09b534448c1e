"""The survey of published equations: which are read, and which take a step of training from the formula alone.

    python tests/survey/survey.py                  # measures, and says where missing.toml no longer fits
    python tests/survey/survey.py --write          # writes docs/survey.md as well
    python tests/survey/survey.py --only eq0111    # what became of one equation, with its assumptions
    python tests/survey/survey.py --only eq0003 --given    # the same with what given.toml adds to it

The construct that each of the others waits for is judged by hand, in ``missing.toml``; what a reader of the source
adds to those that are refused stands in ``given.toml``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from tests.survey.given import givens  # noqa: E402
from tests.survey.judgement import judgement, mismatches  # noqa: E402
from tests.survey.measure import Outcome, equations, is_trainable, measure  # noqa: E402
from tests.survey.page import page  # noqa: E402

PAGE = ROOT / "docs" / "survey.md"


def survey(rows: Sequence[Mapping[str, Any]], jobs: int) -> dict[str, Outcome]:
    """The outcome of each equation by its id, in the order of the rows."""
    with ProcessPoolExecutor(jobs, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        waiting = [pool.submit(measure, row) for row in rows]
        for done, _ in enumerate(as_completed(waiting), start=1):
            _progress(done, len(rows))
    return {outcome.id: outcome for outcome in (each.result() for each in waiting)}


def _progress(done: int, total: int) -> None:
    """A bar on stderr, where that is a terminal."""
    if sys.stderr.isatty():
        filled = 40 * done // total
        end = "\n" if done == total else ""
        print(f"\r[{'#' * filled}{'.' * (40 - filled)}] {done}/{total}", end=end, file=sys.stderr, flush=True)


def show(outcome: Outcome) -> None:
    """One equation's outcome in full."""
    print(outcome.id, outcome.status, outcome.code, outcome.reason)
    for name in outcome.terms:
        print("  term:", name)
    for text in outcome.assumptions:
        print("  assumed:", text)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="survey of published equations")
    parser.add_argument("--write", action="store_true", help="write docs/survey.md")
    parser.add_argument("--only", action="append", metavar="ID", help="one equation; may be repeated")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--given", action="store_true", help="with --only: with what given.toml adds")
    given = parser.parse_args(arguments)
    rows, added = equations(), givens()
    if given.only:
        for row in rows:
            if row["id"] in given.only:
                show(measure(added[row["id"]].applied(row) if given.given and row["id"] in added else row))
        return 0
    outcomes = survey(rows, given.jobs)
    trainable = {row["id"] for row in rows if is_trainable(row)}
    judged = judgement()
    trains = sum(outcomes[id].status == "trains" for id in trainable)
    read = sum(each.is_read for each in outcomes.values())
    print(f"{read} of {len(rows)} are read, {trains} of {len(trainable)} train")
    for each in outcomes.values():
        if each.status == "crash":
            print(f"a bug at {each.id}: {each.reason}", file=sys.stderr)
    with_given = survey([added[row["id"]].applied(row) for row in rows if row["id"] in added], given.jobs)
    problems = list(mismatches(outcomes, trainable, judged))
    for problem in problems:
        print(f"missing.toml: {problem}", file=sys.stderr)
    if given.write and not problems:
        PAGE.write_text(page(rows, outcomes, judged, added, with_given), encoding="utf-8")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
