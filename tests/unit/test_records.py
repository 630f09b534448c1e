"""Quick records are dataclasses: what ``dataclasses`` promises of a frozen class with slots holds of them."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from formula2dgm import records

MADE: list[int] = []


def shapes(dataclass: Callable[..., Any]) -> dict[str, Any]:
    """Classes of all forms that the compiler uses, made by one decorator."""

    @dataclass(frozen=True, slots=True)
    class Point:
        """A point."""

        x: int
        y: int = 2
        tags: list[str] = field(default_factory=list, compare=False, repr=False)

        def __post_init__(self) -> None:
            MADE.append(self.x)

    @dataclass(frozen=True, slots=True)
    class Point3(Point):
        z: int = 5

    @dataclass(frozen=True, slots=True)
    class One:
        only: float

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Named:
        place: str = field(compare=False)

    @dataclass(frozen=True, slots=True)
    class Under(Named):
        body: int

    @dataclass(frozen=True, eq=False, slots=True)
    class Same:
        body: int
        made: int = field(init=False, repr=False, default=3)

    return {each.__name__: each for each in (Point, Point3, One, Named, Under, Same)}


OURS, THEIRS = shapes(records.dataclass), shapes(dataclasses.dataclass)
VALUES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Point", (1,), {}),
    ("Point", (1,), {"tags": ["a"]}),
    ("Point", (1, 3), {}),
    ("Point3", (1, 2), {"z": 4}),
    ("One", (1.5,), {}),
    ("One", (float("nan"),), {}),
    ("Named", (), {"place": "here"}),
    ("Under", (1,), {"place": "here"}),
    ("Under", (1,), {"place": "there"}),
    ("Same", (1,), {}),
]


@pytest.mark.parametrize(("name", "values", "named"), VALUES)
def test_a_record_is_the_dataclass(name: str, values: tuple[Any, ...], named: dict[str, Any]) -> None:
    ours, theirs = OURS[name](*values, **named), THEIRS[name](*values, **named)
    assert repr(ours) == repr(theirs)
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert [each.name for each in dataclasses.fields(ours)] == [each.name for each in dataclasses.fields(theirs)]
    assert OURS[name].__match_args__ == THEIRS[name].__match_args__
    assert OURS[name].__slots__ == THEIRS[name].__slots__
    assert (OURS[name].__eq__ is object.__eq__) == (THEIRS[name].__eq__ is object.__eq__)
    if OURS[name].__eq__ is not object.__eq__:
        assert hash(ours) == hash(theirs)
    assert (copy.copy(ours) == ours) == (copy.copy(theirs) == theirs)


@pytest.mark.parametrize("one", range(len(VALUES)))
@pytest.mark.parametrize("other", range(len(VALUES)))
def test_records_are_equal_where_dataclasses_are(one: int, other: int) -> None:
    kinds = []
    for made in (OURS, THEIRS):
        a, b = (made[name](*values, **named) for name, values, named in (VALUES[one], VALUES[other]))
        kinds.append(a == b)
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("made", [OURS, THEIRS], ids=["ours", "theirs"])
def test_nothing_can_be_set(made: dict[str, Any]) -> None:
    point = made["Point"](1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    assert point.x == 1


@pytest.mark.parametrize("made", [OURS, THEIRS], ids=["ours", "theirs"])
def test_they_are_replaced_and_checked_like_dataclasses(made: dict[str, Any]) -> None:
    MADE.clear()
    point = dataclasses.replace(made["Point"](1), x=7)
    assert (point.x, point.y, point.tags, MADE) == (7, 2, [], [1, 7])
    assert made["Point"](1).tags is not made["Point"](1).tags
    for call in (lambda: made["Point"](), lambda: made["Point"](1, 2, [], 4), lambda: made["Named"]("here")):
        with pytest.raises(TypeError):
            call()


def test_a_record_survives_a_pickle() -> None:
    """Those of the compiler stand in modules: a span is one."""
    from formula2dgm.spans import Source, Span

    span = Span(Source("KL[q||p]"), 0, 2)
    assert pickle.loads(pickle.dumps(span)).text == "KL"
