"""Where the variables of a picture stand: in layers, causes above effects, those of one plate together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from formula2dgm.report.picture_shapes import Box, Mark, Point, around

Edge = tuple[str, str]
ROW, GAP, PAD, FOOT = 92.0, 46.0, 18.0, 12.0


def place(
    marks: Mapping[str, Mark], down: Sequence[Edge], all_edges: Sequence[Edge], plates: Sequence[set[str]]
) -> None:
    """Give every mark its centre.

    down       the edges that say what stands above what
    all_edges  those, and the others that want their ends near each other
    plates     the names in each plate, outermost first
    """
    layer = layers(list(marks), down)
    rows = [[name for name in marks if layer[name] == i] for i in range(max(layer.values(), default=-1) + 1)]
    near: dict[str, list[str]] = {name: [] for name in marks}
    for a, b in all_edges:
        near[a].append(b)
        near[b].append(a)
    membership = {name: tuple(name not in plate for plate in plates) for name in marks}
    for row in rows:
        row.sort(key=lambda name: membership[name])
        _spread(row, marks, [0.0] * len(row))
    for i in range(8):
        for row in rows if i % 2 == 0 else reversed(rows):
            wished = {name: _mean([marks[each].centre.x for each in near[name]]) for name in row}
            row.sort(
                key=lambda name: (membership[name], marks[name].centre.x if wished[name] is None else wished[name])
            )
            _spread(row, marks, [marks[n].centre.x if wished[n] is None else wished[n] for n in row])
    for name, mark in marks.items():
        mark.centre = Point(mark.centre.x, layer[name] * ROW)
    _gather(marks, near, membership)
    _part(marks, plates)


def _gather(
    marks: Mapping[str, Mark], near: Mapping[str, Sequence[str]], membership: Mapping[str, tuple[bool, ...]]
) -> None:
    """Set what no edges connect side by side."""
    parts: list[list[str]] = []
    for name in marks:
        if any(name in part for part in parts):
            continue
        part = [name]
        for each in part:  # grows while it is read
            part += [other for other in dict.fromkeys(near[each]) if other not in part]
        parts.append(part)
    parts.sort(key=lambda part: min((membership[name], marks[name].centre.x) for name in part))
    left = 0.0
    for part in parts:
        box = around(marks[name].box for name in part)
        for name in part:
            x, y = marks[name].centre
            marks[name].centre = Point(x + left - box.left, y)
        left += box.right - box.left + GAP


def layers(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The layer of each name: below all that leads to it, and no further above what it leads to than it must be.

    >>> layers(["x", "y", "z"], [("z", "x"), ("y", "x")])
    {'x': 1, 'y': 0, 'z': 0}
    """
    forward = _acyclic(names, edges)
    layer = dict.fromkeys(names, 0)
    for _ in names:
        for a, b in forward:
            layer[b] = max(layer[b], layer[a] + 1)
    for name in sorted(names, key=lambda each: -layer[each]):
        below = [layer[b] for a, b in forward if a == name]
        if below and not any(b == name for _, b in forward):
            layer[name] = min(below) - 1
    return layer


def _acyclic(names: Sequence[str], edges: Sequence[Edge]) -> list[Edge]:
    """The edges in order, without those that would close a circle."""
    kept: list[Edge] = []
    reached = {name: {name} for name in names}
    for a, b in edges:
        if a in reached[b]:
            continue
        kept.append((a, b))
        for each in names:
            if a in reached[each]:
                reached[each] |= reached[b]
    return kept


def _spread(row: Sequence[str], marks: Mapping[str, Mark], wished: Sequence[float | None]) -> None:
    """Set the marks of a row side by side, as near to where they are wished as their widths allow."""
    places: list[float] = []
    for name, wish in zip(row, wished, strict=True):
        x = wish or 0.0
        if places:
            before = marks[row[len(places) - 1]]
            x = max(x, places[-1] + before.half_width + GAP + marks[name].half_width)
        places.append(x)
    shift = (_mean([wish or 0.0 for wish in wished]) or 0.0) - (_mean(places) or 0.0)
    for name, x in zip(row, places, strict=True):
        marks[name].centre = Point(x + shift, 0.0)


def _part(marks: Mapping[str, Mark], plates: Sequence[set[str]]) -> None:
    """Move to the right what a plate would hold but does not own, and plates that lie over one another."""
    for _ in range(4):
        for i, plate in enumerate(plates):
            boxes = plate_boxes(marks, plates, [])
            strangers = {name for name in marks if name not in plate and boxes[i].meets(marks[name].box)}
            for other, box in zip(plates, boxes, strict=True):
                if not other & plate and box.meets(boxes[i]) and _first(marks, plate, other):
                    strangers |= other
            if strangers:
                by = boxes[i].right + GAP / 2 + PAD - min(marks[name].box.left for name in strangers)
                for name in strangers:
                    marks[name].centre = Point(marks[name].centre.x + by, marks[name].centre.y)
        _apart(marks)


def _apart(marks: Mapping[str, Mark]) -> None:
    """Move to the right what lies over its neighbour in a row."""
    ordered = sorted(marks.values(), key=lambda each: (each.centre.y, each.centre.x))
    for before, each in pairwise(ordered):
        least = before.centre.x + before.half_width + GAP / 2 + each.half_width
        if before.centre.y == each.centre.y and each.centre.x < least:
            each.centre = Point(least, each.centre.y)


def _first(marks: Mapping[str, Mark], one: set[str], other: set[str]) -> bool:
    return min(marks[name].centre.x for name in one) <= min(marks[name].centre.x for name in other)


def plate_boxes(
    marks: Mapping[str, Mark], plates: Sequence[set[str]], arrows: Sequence[tuple[set[str], Box]]
) -> list[Box]:
    """The rectangle of each plate: around its marks, the arrows between them, and the plates inside."""
    boxes: dict[int, Box] = {}
    for i in reversed(range(len(plates))):
        inner = [boxes[j] for j in boxes if plates[j] <= plates[i]]
        own = [mark.box for name, mark in marks.items() if name in plates[i]]
        between = [box for ends, box in arrows if ends <= plates[i]]
        boxes[i] = around([*own, *inner, *between]).grown(PAD if own or not inner else 0.6 * PAD, PAD, PAD + FOOT)
    return [boxes[i] for i in range(len(plates))]


def _mean(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None
