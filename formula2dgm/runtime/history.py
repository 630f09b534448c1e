"""What a training leaves: an entry for each epoch, and in a notebook its curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 240, 56, 12, 26, 24
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")


class History(list[dict[str, float]]):
    """A list with an entry for each epoch: the means of ``loss``, ``value`` and every term by its name.

    averaged   the objective with averaged weights (``ema=``), else None
    stopped    a callback, or Ctrl-C, ended the training before its last epoch

    A notebook shows it as curves: the losses, and the terms.
    """

    averaged: Any = None
    stopped: bool = False

    def curve(self, name: str) -> list[float]:
        """One number of every epoch.

        >>> History([{"loss": 3.0}, {"loss": 2.0}]).curve("loss")
        [3.0, 2.0]
        """
        return [each.get(name, math.nan) for each in self]

    def _repr_html_(self) -> str:
        names = list(self[-1]) if self else []
        losses = [each for each in names if _last(each) == "loss"]
        others = [each for each in names if _last(each) not in ("loss", "value")]
        found = [picture([(each, self.curve(each)) for each in group]) for group in (losses, others) if group]
        return f"<div>{''.join(found)}</div>"


def _last(name: str) -> str:
    """``loss`` of ``validation: D: loss``."""
    return name.split(": ")[-1]


def picture(curves: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Curves over the epochs as SVG, each with its name and its last number.

    >>> picture([("loss", [3.0, 2.0])]).count("<polyline")
    1
    """
    seen = [value for _, values in curves for value in values if math.isfinite(value)]
    low, high = (min(seen), max(seen)) if seen else (0.0, 1.0)
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    last = max(len(values) for _, values in curves)
    top = TOP + 14 * ((len(curves) - 1) // 2)

    def place(epoch: int, value: float) -> tuple[float, float]:
        across = (epoch - 1) / max(last - 1, 1)
        up = (value - low) / (high - low)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - BOTTOM - top)

    parts = []
    for share in (0.0, 0.5, 1.0):
        value = low + share * (high - low)
        _, y = place(1, value)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>')
    for epoch in sorted({1, last}):
        x, _ = place(epoch, low)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{epoch}</text>')
    for number, (name, values) in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        points = [place(i, value) for i, value in enumerate(values, 1) if math.isfinite(value)]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points[-1:]]
        label = f"{escape(name)} {values[-1]:.4g}"
        x, y = LEFT + (number % 2) * (WIDTH - LEFT) // 2, 14 + 14 * (number // 2)
        parts.append(f'<text x="{x}" y="{y}" fill="{colour}">{label}</text>')
    style = 'font-family="sans-serif" font-size="11" fill="#444"'
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" {style}>{"".join(parts)}</svg>'
