"""What a reader of its source adds to an equation that is refused from the formula alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("given.toml")


@dataclass(frozen=True, slots=True)
class Given:
    """``correct``: texts as printed and as meant; ``add``: statements; ``options``: what f2d.compile is passed."""

    why: str
    correct: tuple[tuple[str, str], ...] = ()
    add: tuple[str, ...] = ()
    macros: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def applied(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row with what is added."""
        formula = row["latex"]
        for printed, meant in self.correct:
            if printed not in formula:
                raise ValueError(f"{row['id']}: {printed!r} does not stand in the formula")
            formula = formula.replace(printed, meant)
        return {
            **row,
            "latex": [formula, *self.add] if self.add else formula,
            "macros": [*row["macros"], *self.macros],
            "options": self.options,
        }


def givens() -> dict[str, Given]:
    """What is added, by the equation's id."""
    return {id: _given(dict(entry)) for id, entry in tomllib.loads(TABLE.read_text(encoding="utf-8")).items()}


def _given(entry: dict[str, Any]) -> Given:
    return Given(
        why=entry.pop("why"),
        correct=tuple((printed, meant) for printed, meant in entry.pop("correct", [])),
        add=tuple(entry.pop("add", [])),
        macros=tuple(entry.pop("macros", [])),
        options=entry,
    )
