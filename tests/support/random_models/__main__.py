"""Tens of thousands of random models against the reference: ``python -m tests.support.random_models --seeds 0:20000``.

Nothing stops it; what went wrong is told at the end, each with its seed and formula, and kept in a file, from which the
same command goes on after an interruption. The status is 1 where a model differs, raises or is refused.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from tests.support.random_models import KINDS, drawn, outcome
from tests.support.random_models.comparison import Outcome
from tests.support.random_models.records import Records

#: What is told at the end. ``undefined`` is counted alone: the formula is not a number at that draw.
WRONG = ("differs", "raised", "refused")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.support.random_models", description=__doc__)
    parser.add_argument("--seeds", default="0:20000", help="from:to, the end left out")
    parser.add_argument("--kinds", default="", help=f"some of {', '.join(KINDS)}, separated by commas")
    parser.add_argument(
        "--records", type=Path, default=None, help="where outcomes are kept (build/random_models-*.jsonl)"
    )
    given = parser.parse_args(arguments)
    first, last = map(int, given.seeds.split(":"))
    chosen = set(given.kinds.split(",")) if given.kinds else set(KINDS)
    if unknown := chosen - set(KINDS):
        parser.error(f"no kind is called {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    names = list(KINDS)
    seeds = [seed for seed in range(first, last) if names[seed % len(names)] in chosen]
    file = given.records or Path("build") / f"random_models-{first}-{last}.jsonl"
    records = Records.read(file)
    started, before = time.monotonic(), len(records.outcomes)
    for seed in seeds:
        if seed not in records.outcomes:
            at = time.monotonic()
            records.add(seed, _outcome(seed), time.monotonic() - at)
            _progress(records, seeds, before, time.monotonic() - started)
    print(file=sys.stderr)
    return _report(records, seeds, time.monotonic() - started, file)


def _outcome(seed: int) -> Outcome:
    """What became of a seed; a generator that fails is a finding, too."""
    try:
        return outcome(seed)
    except Exception as error:
        return Outcome("raised", f"the generator: {type(error).__name__}: {error}")


def _progress(records: Records, seeds: list[int], before: int, seconds: float) -> None:
    done, here = len(records.outcomes), len(records.outcomes) - before
    share = done / len(seeds)
    left = seconds / here * (len(seeds) - done)
    bar = "#" * int(30 * share)
    wrong = sum(each.kind in WRONG for each in records.outcomes.values())
    text = f"\r[{bar:<30}] {done}/{len(seeds)}  {wrong} wrong  {seconds / here:.2f} s each  {left / 60:.0f} min left "
    print(text, end="", file=sys.stderr, flush=True)


def _report(records: Records, seeds: list[int], seconds: float, file: Path) -> int:
    """Counts by kind and outcome, and each model that went wrong."""
    found = {seed: records.outcomes[seed] for seed in seeds}
    wrong = {seed: each for seed, each in found.items() if each.kind in WRONG}
    for seed, each in wrong.items():
        print(f"\nseed {seed}: {each.kind}: {each.detail}")
        try:
            print(f"{drawn(seed).kind}: {drawn(seed)}")
        except Exception as error:
            print(f"not drawn: {error}")
    names = list(KINDS)
    by_kind = Counter((names[seed % len(names)], each.kind) for seed, each in found.items())
    print()
    for name in names:
        counts = {kind: count for (own, kind), count in sorted(by_kind.items()) if own == name}
        if counts:
            print(f"{name:<12}", ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    spent = sum(records.seconds.values())
    print(f"{len(found)} models, {len(wrong)} wrong; {seconds:.0f} s here, {spent:.0f} s in all; kept in {file}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
