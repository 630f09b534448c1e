"""Broken inputs: each ``cases/NAME.txt`` is refused, and ``NAME.expected`` is the whole message a user sees.

    python tests/bad/update.py      # rewrites the messages; read the difference as the person who gets them would

A first line ``% bindings: q(z|x) Normal, beta 4`` checks the text with densities bound to those families (their
networks are never called) and numbers to those values; without it, what is unbound gets defaults.
"""

from __future__ import annotations

import sys
from pathlib import Path

CASES = Path(__file__).parent / "cases"
sys.path.insert(0, str(CASES.parents[2]))

from formula2dgm import driver  # noqa: E402
from formula2dgm.bindings import NO_BINDINGS, Value  # noqa: E402
from formula2dgm.options import make_options  # noqa: E402
from formula2dgm.resolve import Bindings, FamilyValue, NetworkValue, NumberValue  # noqa: E402
from formula2dgm.spans import Source  # noqa: E402

HEADER = "% bindings:"


def inputs() -> list[Path]:
    """All broken inputs, in order."""
    return sorted(CASES.glob("*.txt"))


def message(path: Path) -> str:
    """Everything the check says of an input."""
    text = path.read_text(encoding="utf-8")
    bindings = NO_BINDINGS
    if text.startswith(HEADER):
        first, text = text.split("\n", 1)
        bindings = Bindings.of(dict(map(_binding, first.removeprefix(HEADER).split(", "))))
    options = make_options(scaffold=bindings is NO_BINDINGS)
    found = driver.check(Source(text.rstrip("\n"), "<formula>"), bindings, options)
    return "\n\n".join(map(str, found)) + "\n"


def _binding(item: str) -> tuple[str, Value]:
    key, value = item.strip().rsplit(" ", 1)
    if value == "network":
        return key, NetworkValue(())
    if value[0].isdigit():
        return key, NumberValue(int(value) if value.isdigit() else float(value))
    return key, FamilyValue(value, NetworkValue(()))


if __name__ == "__main__":
    for each in inputs():
        each.with_suffix(".expected").write_text(message(each), encoding="utf-8")
        print(each.stem)
