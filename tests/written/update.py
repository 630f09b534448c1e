"""What is written for many formulas, by its digest: ``digests.json`` has one for each, of the file as a whole.

    python tests/written/update.py      # writes them anew, and says which files have changed, and by how many lines

Goldens are read by people; these are not. They say two things only: that whoever changed what is written knew of it,
and that every machine, every Python and every seed of its hashes writes the same text.

A name says where its formula is from: ``equation`` a row of ``tests/data/equations.jsonl``, ``given`` such a row with
what ``tests/survey/given.toml`` adds to it, ``model`` a file of ``tests/models/formulas``, ``random`` a seed of
``tests/support/random_models``. They were chosen from all of these as the ones that run most of ``passes/`` and
``codegen/`` between them.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import Any

DIGESTS = Path(__file__).with_name("digests.json")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import formula2dgm as f2d  # noqa: E402
from formula2dgm import driver  # noqa: E402
from formula2dgm.codegen import generate  # noqa: E402
from formula2dgm.codegen.script import script  # noqa: E402
from formula2dgm.options import make_options  # noqa: E402
from formula2dgm.passes import run_passes  # noqa: E402
from formula2dgm.resolve import resolve  # noqa: E402
from tests.support.random_models import drawn  # noqa: E402
from tests.survey.given import givens  # noqa: E402
from tests.survey.measure import equations  # noqa: E402


def digests() -> dict[str, str]:
    """What ``digests.json`` has: by the name of a formula, the lines of its file and their digest."""
    return dict(json.loads(DIGESTS.read_text(encoding="utf-8")))


def digest(name: str) -> str:
    """The number of lines and the digest of what is written for a formula now."""
    text = written(name)
    return f"{text.count(chr(10))} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def written(name: str) -> str:
    """A script where the name ends so; else a module."""
    source, key, *target = name.split()
    if source == "random":
        model = drawn(int(key))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return f2d.compile(model.statements, model.bindings, **model.options).generated.source
    statements = driver.read(*_text(source, key)).raise_errors().statements
    program = run_passes(resolve(statements, options=make_options(scaffold=True)))
    generated = generate(program)
    return script(program, generated) if target == ["script"] else generated.source


def _text(source: str, key: str) -> tuple[Any, ...]:
    if source == "model":
        return ((ROOT / "tests" / "models" / "formulas" / f"{key}.txt").read_text(encoding="utf-8"),)
    row = _rows()[key]
    if source == "given":
        row = givens()[key].applied(row)
    return row["latex"], row["macros"]


@cache
def _rows() -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in equations()}


def main() -> None:
    before = digests()
    now = {name: digest(name) for name in before}
    DIGESTS.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    changed = [name for name in now if now[name] != before[name]]
    for name in changed:
        print(f"{name}: {before[name].split()[0]} lines, now {now[name].split()[0]}")
    print(f"{len(changed)} of {len(now)} changed")


if __name__ == "__main__":
    main()
