"""What a picture is made of: places, shapes and curves, in pixels at scale 1, y downwards."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from formula2dgm.records import dataclass
from formula2dgm.report.picture_labels import Run

#: The size of what is written at an arrow.
SMALL = 13.0
NodeShape = Literal["ellipse", "box", "none"]


class Point(NamedTuple):
    """A place."""

    x: float
    y: float


class Box(NamedTuple):
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def grown(self, x: float, top: float, bottom: float) -> Box:
        return Box(self.left - x, self.top - top, self.right + x, self.bottom + bottom)

    def moved(self, x: float, y: float) -> Box:
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around others."""
    every = list(boxes)
    return Box(
        min(each.left for each in every),
        min(each.top for each in every),
        max(each.right for each in every),
        max(each.bottom for each in every),
    )


@dataclass(slots=True)
class Mark:
    """A node of the picture: its centre, half its width and height, how it looks."""

    name: str
    kind: str
    label: tuple[Run, ...]
    size: float
    half_width: float
    half_height: float
    centre: Point = Point(0.0, 0.0)

    @property
    def shape(self) -> NodeShape:
        return {"deterministic": "box", "parameter": "none"}.get(self.kind, "ellipse")  # type: ignore[return-value]

    @property
    def box(self) -> Box:
        x, y = self.centre
        return Box(x - self.half_width, y - self.half_height, x + self.half_width, y + self.half_height)

    def border(self, towards: Point) -> Point:
        """Where a line from the centre leaves the shape."""
        dx, dy = towards.x - self.centre.x, towards.y - self.centre.y
        if not dx and not dy:
            return self.centre
        if self.shape == "box":
            reach = min(
                self.half_width / abs(dx) if dx else math.inf,
                self.half_height / abs(dy) if dy else math.inf,
            )
        else:
            reach = 1 / math.hypot(dx / self.half_width, dy / self.half_height)
        return Point(self.centre.x + dx * reach, self.centre.y + dy * reach)


@dataclass(frozen=True, slots=True)
class Arrow:
    """A cubic curve with a head at its end."""

    start: Point
    first: Point
    second: Point
    end: Point
    dashed: bool = False
    label: str = ""

    def points(self, count: int = 24) -> Iterator[Point]:
        """Places along the curve, from its start to its end."""
        for i in range(count + 1):
            t = i / count
            u = 1 - t
            weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
            corners = (self.start, self.first, self.second, self.end)
            yield Point(
                sum(w * each.x for w, each in zip(weights, corners, strict=True)),
                sum(w * each.y for w, each in zip(weights, corners, strict=True)),
            )

    @property
    def words(self) -> Point:
        """Where its label begins: beside its middle, or ends where the arrow bends to the left."""
        middle = list(self.points(2))[1]
        leftward = middle.x < min(self.start.x, self.end.x) - 1
        return Point(middle.x - 5 - 0.55 * SMALL * len(self.label) if leftward else middle.x + 5, middle.y + 4)

    @property
    def box(self) -> Box:
        boxes = [Box(x, y, x, y) for x, y in self.points()]
        if self.label:
            x, y = self.words
            boxes.append(Box(x, y - SMALL, x + 0.55 * SMALL * len(self.label), y))
        return around(boxes)


@dataclass(frozen=True, slots=True)
class Plate:
    """A rectangle around what is repeated, and in a corner how often."""

    box: Box
    label: tuple[Run, ...]
    at: Point
    size: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the legend: a short arrow, and the densities that are drawn so."""

    start: Point
    dashed: bool
    label: tuple[Run, ...]
    size: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole picture; everything lies in ``0..width`` and ``0..height``."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    arrows: tuple[Arrow, ...]
    plates: tuple[Plate, ...]
    legend: tuple[Line, ...]
