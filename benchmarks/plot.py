"""The ratios as a picture: one row for each contender of each setting, on a logarithmic scale."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, ROW = 760, 250, 60, 18
TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)


def svg(found: Mapping[str, Any]) -> str:
    """Medians and quartiles of the ratios of ours to each contender."""
    ours = found["ours"]
    rows = [row for row in found["rows"] if row["contender"] != ours and "ours_to_it_process" in row]
    lines, y, setting = [], 34, None
    low = min([0.5, *(row["ours_to_it_process"]["first_quartile"] for row in rows)]) * 0.9
    high = max([1.5, *(row["ours_to_it_process"]["third_quartile"] for row in rows)]) * 1.1

    def x(ratio: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(ratio / low) / math.log(high / low)

    for row in rows:
        if row["setting"] != setting:
            setting = row["setting"]
            y += 14
            said = ", ".join(f"{name} {value}" for name, value in json.loads(json.dumps(setting)).items())
            lines.append(f'<text x="8" y="{y}" font-weight="bold">{escape(said)}</text>')
            y += ROW
        ratio = row["ours_to_it_process"]
        middle, from_, to = (x(ratio[each]) for each in ("median", "first_quartile", "third_quartile"))
        colour = "#2a7" if ratio["median"] <= 1.02 else "#c52"
        lines += [
            f'<text x="{LEFT - 10}" y="{y}" text-anchor="end">{escape(row["contender"])}</text>',
            f'<line x1="{from_:.1f}" x2="{to:.1f}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" stroke-width="5" '
            'stroke-opacity="0.4"/>',
            f'<circle cx="{middle:.1f}" cy="{y - 4}" r="3.5" fill="{colour}"/>',
            f'<text x="{WIDTH - RIGHT + 10}" y="{y}">{ratio["median"]:.2f}</text>',
        ]
        y += ROW
    grid = []
    for tick in (each for each in TICKS if low <= each <= high):
        stroke = "#444" if tick == 1 else "#ddd"
        grid.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="30" y2="{y - 8}" stroke="{stroke}"/>')
        grid.append(f'<text x="{x(tick):.1f}" y="{y + 8}" text-anchor="middle" fill="#555">{tick:g}</text>')
    title = f"{found['title']}: the time of a step of ours, relative to each contender's (median, quartiles)"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 20}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{y + 20}" fill="white"/>',
            f'<text x="8" y="18" font-size="13">{escape(title)}</text>',
            *grid,
            *lines,
            "</svg>",
            "",
        ]
    )
