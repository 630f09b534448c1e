"""The factor graph as a picture: variables, what they depend on, plates, and a legend of the densities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from formula2dgm.report.picture_labels import Run, label_runs, width
from formula2dgm.report.picture_layers import GAP, place, plate_boxes
from formula2dgm.report.picture_routes import cost, route
from formula2dgm.report.picture_shapes import Arrow, Box, Line, Mark, Picture, Plate, Point, around

RADIUS, SIZE, TIMES, LEGEND, MARGIN = 22.0, 20.0, 15.0, 15.0, 16.0
Graph = Mapping[str, Any]


def picture(graph: Graph) -> Picture:
    """Lay out a factor graph (``contract["graph"]``)."""
    marks = {each["name"]: _mark(each["name"], each["kind"]) for each in graph["nodes"]}
    if not marks:
        return Picture(2 * MARGIN, 2 * MARGIN, (), (), (), ())
    free = {name: mark for name, mark in marks.items() if mark.kind != "parameter"}
    inside = [{each["name"] for each in graph["nodes"] if plate["name"] in each["plates"]} for plate in graph["plates"]]
    drawn = _distinct(graph["edges"])
    between = [each for each in drawn if each[0] in free]
    down = [(a, b) for a, b, dashed, lag in between if not dashed and not lag and a != b]
    place(free, down, [(a, b) for a, b, _, _ in between if a != b], inside)
    arrows = _routed(between, free, [])
    boxes = plate_boxes(free, inside, [({a, b}, way.box) for (a, b, _, _), way in zip(between, arrows, strict=True)])
    frame = around([*boxes, *(each.box for each in free.values())])
    for name in [each for each in marks if each not in free]:
        arrows += _parameter(name, [each for each in drawn if each[0] == name], marks, arrows, frame)
    shown = [*(each.box for each in marks.values())]
    alone = sum(each["kind"] == "batch" for each in graph["plates"]) == 1
    plates = [_plate(box, _times(each, alone), shown, arrows) for box, each in zip(boxes, graph["plates"], strict=True)]
    return _framed(list(marks.values()), arrows, plates, _densities(graph))


def _mark(name: str, kind: str) -> Mark:
    label = label_runs(name)
    wide = width(label, SIZE)
    if kind == "parameter":
        return Mark(name, kind, label, SIZE, max(wide / 2 + 5, 11), 13)
    size = SIZE if wide < 2 * RADIUS + 4 else 0.8 * SIZE
    return Mark(name, kind, label, size, max(RADIUS, width(label, size) / 2 + 8), RADIUS)


Drawn = tuple[str, str, bool, int]


def _distinct(edges: Sequence[Mapping[str, Any]]) -> list[Drawn]:
    """From, to, dashed, lag: each once, those that are not dashed first."""
    found = {(each["from"], each["to"], each["kind"] == "inference", each["lag"]): None for each in edges}
    return sorted((each for each in found if each[0] is not None), key=lambda each: each[2])


def _routed(edges: Sequence[Drawn], marks: Mapping[str, Mark], before: Sequence[Arrow]) -> list[Arrow]:
    arrows = list(before)
    for source, target, dashed, lag in edges:
        label = (f"t−{lag}" if lag > 0 else f"t+{-lag}") if lag else ""
        arrows.append(route(marks[source], marks[target], marks.values(), arrows, dashed, label))
    return arrows


def _plate(box: Box, label: tuple[Run, ...], taken: Sequence[Box], arrows: Sequence[Arrow]) -> Plate:
    """A plate with its label in the corner that has most room, the lower right one first."""
    wide = width(label, TIMES)
    left, right = box.left + 8, box.right - 8 - wide
    places = [Point(right, box.bottom - 8), Point(left, box.bottom - 8)]
    places += [Point(right, box.top + 8 + 0.7 * TIMES), Point(left, box.top + 8 + 0.7 * TIMES)]

    def met(at: Point) -> int:
        own = Box(at.x - 2, at.y - TIMES, at.x + wide + 2, at.y + 4)
        through = sum(
            any(own.left < x < own.right and own.top < y < own.bottom for x, y in each.points()) for each in arrows
        )
        return through + 2 * sum(own.meets(each) for each in taken)

    return Plate(box, label, min(places, key=met), TIMES)


def _times(plate: Mapping[str, Any], alone: bool) -> tuple[Run, ...]:
    """How often a plate repeats: ``N`` examples (``alone``: of the only data set), ``T`` steps, ``K`` or 5 draws."""
    kind, axis, size = plate["kind"], plate["axis"], plate["size"]
    if size is not None:
        return label_runs(str(size))
    if kind == "batch":
        return label_runs("N" if alone or axis == "batch" else f"N_{axis}")
    return label_runs("T" if kind == "time" else axis.upper())


def _parameter(
    name: str, edges: Sequence[Drawn], marks: Mapping[str, Mark], drawn: Sequence[Arrow], frame: Box
) -> list[Arrow]:
    """Place a parameter beside the picture, those of inference rather on its left, and draw its arrows."""
    mark = marks[name]
    y = sum(marks[each[1]].centre.y for each in edges) / len(edges)
    placed = [each for each in marks.values() if each.kind != "parameter" or each.centre != Point(0.0, 0.0)]
    out = GAP / 2 + mark.half_width
    tried: list[tuple[float, Point, list[Arrow]]] = []
    for x in (frame.left - out, frame.right + out):
        for shift in (0.0, 40.0, -40.0, 80.0):
            mark.centre = Point(x, y + shift)
            ways = [route(mark, marks[to], placed, drawn, dashed, "") for _, to, dashed, _ in edges]
            price = sum(
                cost(way, mark, marks[to], placed, drawn) for way, (_, to, _, _) in zip(ways, edges, strict=True)
            )
            price += 1000 * any(each.box.meets(mark.box) for each in placed if each is not mark) + abs(shift)
            price += 25 * (all(each[2] for each in edges) != (x < frame.left))
            tried.append((price, mark.centre, ways))
    _, mark.centre, ways = min(tried, key=lambda each: each[0])
    return ways


def _densities(graph: Graph) -> list[tuple[bool, list[str]]]:
    """The labels of the densities that are drawn solid and dashed."""
    found: dict[bool, dict[str, None]] = {False: {}, True: {}}
    for each in graph["edges"]:
        if each["density"]:
            found[each["kind"] == "inference"].setdefault(each["density"])
    return [(dashed, list(labels)) for dashed, labels in found.items() if labels]


def _framed(
    marks: list[Mark], arrows: list[Arrow], plates: list[Plate], densities: list[tuple[bool, list[str]]]
) -> Picture:
    """Everything moved to its place on the page, and the legend below."""
    boxes = [*(each.box for each in marks), *(each.box for each in arrows), *(each.box for each in plates)]
    frame = around(boxes)
    dx, dy = MARGIN - frame.left, MARGIN - frame.top
    wide = max(frame.right - frame.left, 210.0)
    dx += (wide - (frame.right - frame.left)) / 2
    for mark in marks:
        mark.centre = _moved(mark.centre, dx, dy)
    moved = [
        replace(
            each,
            start=_moved(each.start, dx, dy),
            first=_moved(each.first, dx, dy),
            second=_moved(each.second, dx, dy),
            end=_moved(each.end, dx, dy),
        )
        for each in arrows
    ]
    moved_plates = [replace(each, box=each.box.moved(dx, dy), at=_moved(each.at, dx, dy)) for each in plates]
    legend, bottom = _legend(densities, wide, frame.bottom + dy + 22)
    return Picture(wide + 2 * MARGIN, bottom + MARGIN, tuple(marks), tuple(moved), tuple(moved_plates), tuple(legend))


def _moved(point: Point, dx: float, dy: float) -> Point:
    return Point(point.x + dx, point.y + dy)


def _legend(densities: list[tuple[bool, list[str]]], wide: float, top: float) -> tuple[list[Line], float]:
    """The densities, as many on a line as there is room for."""
    lines: list[Line] = []
    y = top
    for dashed, labels in densities:
        row: tuple[Run, ...] = ()
        for label in labels:
            more = label_runs(label)
            if row and width(row, LEGEND) + width(more, LEGEND) > wide - 46:
                lines.append(Line(Point(MARGIN, y), dashed, row, LEGEND))
                y, row = y + 22, ()
            row += (Run("   ", italic=False), *more) if row else more
        lines.append(Line(Point(MARGIN, y), dashed, row, LEGEND))
        y += 22
    return lines, y - 12
