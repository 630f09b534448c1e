"""``python -m benchmarks.summary``: the table of benchmarks/README.md, from the results as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.models import NAMES

RESULTS = Path(__file__).parent / "results"
#: The columns, and the contenders of which the fastest stands there.
COLUMNS = {
    "expert's": ("expert's", "hand-optimised", "hand-optimised, opened"),
    "people's": ("people's", "per step, plain torch"),
    "torch.distributions": ("torch.distributions", "per step, torch.distributions"),
    "Pyro": ("Pyro", "Pyro, unchecked", "Pyro, closed KL", "Pyro, closed KL, unchecked"),
    "Pixyz": ("Pixyz", "Pixyz, no cache"),
}


def table(folder: Path = RESULTS) -> str:
    """One row for each setting of each model: ours to the fastest of each kind, medians of process time."""
    lines = [f"| model | {' | '.join(COLUMNS)} |", "|---|" + "---:|" * len(COLUMNS)]
    for path in (folder / f"{name}.json" for name in NAMES):
        if not path.exists():
            continue
        found = json.loads(path.read_text(encoding="utf-8"))
        for setting in dict.fromkeys(json.dumps(row["setting"]) for row in found["rows"]):
            rows = [row for row in found["rows"] if json.dumps(row["setting"]) == setting]
            said = ", ".join(f"{name} {value}" for name, value in json.loads(setting).items())
            cells = [_largest(rows, names) for names in COLUMNS.values()]
            lines.append(f"| [{path.stem}](results/{path.stem}.md): {said} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _largest(rows: list[dict[str, Any]], names: tuple[str, ...]) -> str:
    """The ratio to the fastest of these contenders."""
    ratios = [row["ours_to_it_process"]["median"] for row in rows if row["contender"] in names]
    return f"{max(ratios):.2f}" if ratios else ""


if __name__ == "__main__":
    print(table())
