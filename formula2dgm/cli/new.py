"""``formula2dgm new``: a runnable example to start from."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from formula2dgm import resources


def run(given: argparse.Namespace) -> int:
    names = sorted(path.stem for path in resources.examples().glob("*.tex"))
    if given.name == "list":
        print("\n".join(names))
        return 0
    if given.name not in names:
        print(f"there is no example {given.name!r}; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    target = Path(given.output or f"{given.name}.tex")
    if target.exists():
        print(f"{target} is there already; choose another name with -o", file=sys.stderr)
        return 2
    target.write_text((resources.examples() / f"{given.name}.tex").read_text(encoding="utf-8"), encoding="utf-8")
    print(f"wrote {target}; run it: formula2dgm train {target} --data digits")
    return 0
