"""What became of each seed, a line of JSON each, written at once: a run goes on where it was cut off."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.random_models.comparison import Outcome


@dataclass
class Records:
    """Outcomes and seconds by seed, and the file that they are kept in."""

    file: Path
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Records:
        """The records of a file, none where there is no file; a line that was cut off is left out."""
        records = cls(file)
        for line in file.read_text("utf-8").splitlines() if file.exists() else ():
            try:
                each = json.loads(line)
            except json.JSONDecodeError:
                continue
            records.outcomes[each["seed"]] = Outcome(each["kind"], each["detail"], each["code"])
            records.seconds[each["seed"]] = each["seconds"]
        return records

    def add(self, seed: int, outcome: Outcome, seconds: float) -> None:
        """Keeps an outcome, in the file too."""
        self.outcomes[seed], self.seconds[seed] = outcome, round(seconds, 3)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        line = {"seed": seed, "kind": outcome.kind, "detail": outcome.detail, "code": outcome.code}
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps({**line, "seconds": self.seconds[seed]}) + "\n")
