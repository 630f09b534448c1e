"""``formula2dgm new``: a runnable example to start from."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from formula2dgm import resources

#: How an example is run, as its first lines say.
_COMMAND = re.compile(r"formula2dgm train \S+\.tex(.*)")


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
    text = (resources.examples() / f"{given.name}.tex").read_text(encoding="utf-8")
    target.write_text(text, encoding="utf-8")
    said = _COMMAND.search(text)
    print(f"wrote {target}; run it: formula2dgm train {target}{said[1].rstrip() if said else ''}")
    return 0
