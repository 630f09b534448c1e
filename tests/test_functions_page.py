"""docs/functions.md lists every function of the registry; docs/oracles.md every implementation that is tested."""

from __future__ import annotations

import json
import re
from pathlib import Path

from formula2dgm.registry.functions import FUNCTIONS

ROOT = Path(__file__).parents[1]


def test_every_function_is_listed() -> None:
    page = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`(\w+)`", page))
    assert {each.name for each in FUNCTIONS if each.spellings} <= listed


def test_every_spelling_is_listed() -> None:
    page = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"[A-Za-z]\w*", "".join(re.findall(r"`[^`]*`", page))))
    assert [spelling for each in FUNCTIONS for spelling in each.spellings if spelling not in listed] == []


def test_every_oracle_of_the_page_is_compared_with() -> None:
    page = (ROOT / "docs" / "oracles.md").read_text(encoding="utf-8")
    listed = {
        name for row in re.findall(r"^\| (`[^|]*`) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    known = {
        each["name"] for each in json.loads((ROOT / "tests" / "data" / "oracles" / "index.json").read_text("utf-8"))
    }
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "oracles").glob("*.py"))
    assert listed <= known
    assert [name for name in sorted(listed) if name not in tests] == []
    assert all((ROOT / "tests" / "data" / "oracles" / f"{name}.npz").exists() for name in listed)
