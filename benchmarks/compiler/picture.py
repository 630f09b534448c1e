"""Growth curves as a picture: how long a compile takes by the number of parts, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 28, 16, 96
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")

Curves = Mapping[str, Sequence[tuple[int, float]]]


def svg(curves: Curves) -> str:
    """The curves as SVG; the dashed line is growth in proportion."""
    points = [point for curve in curves.values() for point in curve]
    x = _scale([size for size, _ in points], LEFT, WIDTH - RIGHT)
    y = _scale([each for _, each in points], HEIGHT - BOTTOM, TOP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *_grid(x, y),
        *_proportion(x, y),
    ]
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [(x(size), y(each)) for size, each in curve]
        joined = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
        lines.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in places]
        column, row = divmod(number, 2)
        at = LEFT + column * 280, HEIGHT - 40 + row * 20
        lines.append(f'<rect x="{at[0]}" y="{at[1] - 9}" width="18" height="4" fill="{colour}"/>')
        lines.append(f'<text x="{at[0] + 24}" y="{at[1]}">{escape(name)}</text>')
    return "\n".join([*lines, "</svg>", ""])


class _Scale:
    """Numbers between two powers of ten as places between two ends."""

    def __init__(self, low: int, high: int, start: float, end: float):
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    @property
    def powers(self) -> list[int]:
        return [10**each for each in range(self.low, self.high + 1)]


def _scale(values: Sequence[float], start: float, end: float) -> _Scale:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return _Scale(low, max(high, low + 1), start, end)


def _grid(x: _Scale, y: _Scale) -> list[str]:
    lines = []
    for each in x.powers:
        lines.append(f'<path d="M{x(each):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        lines.append(f'<text x="{x(each):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{each:,}</text>')
    for each in y.powers:
        lines.append(f'<path d="M{LEFT} {y(each):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{y(each) + 4:.1f}" text-anchor="end">{each:,} ms</text>')
    lines.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - BOTTOM + 34}" text-anchor="middle">parts</text>')
    return lines


def _proportion(x: _Scale, y: _Scale) -> list[str]:
    """Ten times as many parts, ten times as long."""
    powers = min(x.high - x.low, y.high - y.low)
    first, last = (10.0**x.low, 10.0**y.low), (10.0 ** (x.low + powers), 10.0 ** (y.low + powers))
    path = f"M{x(first[0]):.1f} {y(first[1]):.1f}L{x(last[0]):.1f} {y(last[1]):.1f}"
    return [f'<path d="{path}" stroke="#999" stroke-dasharray="4 4" fill="none"/>']
