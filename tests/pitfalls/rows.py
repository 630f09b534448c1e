"""The rows of docs/pitfalls.md: ``python docs/index_pitfalls.py`` writes it, ``test_rows.py`` tests every row.

``rows.toml`` has what users complain about, ``defects.toml`` what another library did wrong.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Slip:
    """A formula with the mistake, and the code of what a check says of it; without one, why nothing is said."""

    formula: str
    code: str = ""
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One complaint: see ``rows.toml``."""

    pain: str
    threads: str
    right: str
    line: str
    shown: str
    slips: tuple[Slip, ...] = ()
    note: str = ""
    options: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Defect:
    """One defect of another library: what it did, what is done here, and the test that shows it."""

    what: str
    here: str
    shown: str


def rows() -> list[Row]:
    """All complaints, in order."""
    found = tomllib.loads((FOLDER / "rows.toml").read_text(encoding="utf-8"))["row"]
    return [Row(**{**each, "slips": tuple(Slip(**slip) for slip in each.get("slips", ()))}) for each in found]


def defects() -> list[Defect]:
    """All defects, in order."""
    found = tomllib.loads((FOLDER / "defects.toml").read_text(encoding="utf-8"))["defect"]
    return [Defect(**each) for each in found]
