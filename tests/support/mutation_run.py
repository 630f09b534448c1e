"""A long run over changed texts, which may be stopped and taken up again.

Each text is made from the seed and its number alone, so that any one can be made again. What is found, an exception
that is no refusal, a refusal without a place or more than two seconds of processor time, is kept with its text.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from tests.support.answers import check, compute
from tests.support.mutations import KINDS, TESTS, VOCABULARY, changed, seeds

#: Seconds of processor time after which a text is slow, and after which it is given up.
SLOW, GIVEN_UP = 2.0, 20.0
#: After so many texts the state is written.
SAVED = 200


class GivenUp(BaseException):
    """A text takes too long; no handler in the package catches it."""


def all_seeds() -> tuple[str, ...]:
    """The seeds of the tests, and the published equations with their macros before them."""
    lines = (TESTS / "data" / "equations.jsonl").read_text("utf-8").splitlines()
    published = ["\n".join([*row["macros"], row["latex"]]) for row in map(json.loads, lines)]
    return tuple(dict.fromkeys([*seeds(), *published]))


def text_of(seed: int, number: int, among: Sequence[str]) -> str:
    """The text with this number: a seed with one to three changes."""
    chance = random.Random(f"{seed}:{number}")
    count = chance.randint(1, 3)
    start = chance.choice(among)
    return changed(start, [(chance.choice(KINDS), chance.randrange(2**16), chance.randrange(2**16),
                            chance.choice(VOCABULARY)) for _ in range(count)])  # fmt: skip


@contextmanager
def processor_limit(seconds: float) -> Iterator[None]:
    """Raise GivenUp in the body after so many seconds of processor time."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise GivenUp

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def tried(text: str) -> tuple[str, str]:
    """What became of a text ("computes", "refused" or what is wrong), and the last line of what was raised."""
    start = time.process_time()
    outcome, detail = "computes", ""
    try:
        with processor_limit(GIVEN_UP):
            if check(text):
                outcome = "refused"
            else:
                compute(text)
    except GivenUp as error:
        outcome, detail = "slow", f"given up after {GIVEN_UP} s: {_place(error)}"
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        outcome, detail = "foreign", f"{type(error).__name__}: {str(error)[:300]} {_place(error)}"
    seconds = time.process_time() - start
    if outcome in ("computes", "refused") and seconds > SLOW:
        return "slow", f"{seconds:.1f} s, {outcome}"
    return outcome, detail


def _place(error: BaseException) -> str:
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "formula2dgm" in each.filename]
    return f"at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def run(texts: int, seed: int, state_file: Path) -> dict[str, Any]:
    """Try the texts from where the state file stands; the state at the end."""
    among = all_seeds()
    of = hashlib.sha256("\0".join(among).encode("utf-8", "replace")).hexdigest()[:16]
    state: dict[str, Any] = {"seed": seed, "of": of, "next": 0, "seconds": 0.0, "outcomes": {}, "found": []}
    if state_file.exists():
        state = json.loads(state_file.read_text("utf-8"))
        if (state["seed"], state["of"]) != (seed, of):
            raise SystemExit(f"{state_file} is of another seed, or of other texts to start from: give another --state")
    start, before = time.process_time(), state["seconds"]
    while state["next"] < texts:
        text = text_of(seed, state["next"], among)
        outcome, detail = tried(text)
        state["outcomes"][outcome] = state["outcomes"].get(outcome, 0) + 1
        if outcome not in ("computes", "refused"):
            state["found"].append({"number": state["next"], "outcome": outcome, "detail": detail, "text": text})
            print(f"{state['next']}: {outcome}: {detail}\n    {text!r}", flush=True)
        state["next"] += 1
        if state["next"] % SAVED == 0 or state["next"] == texts:
            state["seconds"] = before + time.process_time() - start
            state_file.write_text(json.dumps(state), "utf-8")
            print(
                f"{state['next']}/{texts}, {state['seconds']:.0f} s, {state['outcomes']}", file=sys.stderr, flush=True
            )
    return state


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.mutations", description=__doc__)
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--state", type=Path, help="where the run is kept; mutations-SEED.json in this folder")
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    state = run(given.texts, given.seed, given.state or Path(f"mutations-{given.seed}.json"))
    slow, foreign = (state["outcomes"].get(each, 0) for each in ("slow", "foreign"))
    print(f"{state['next']} texts of seed {given.seed} in {state['seconds']:.0f} s: {foreign} foreign, {slow} slow")
    return int(bool(state["found"]))
