"""Paths that begin at other values: the same equation from where another one ends."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.ir.arena import Arena
from formula2dgm.ir.nodes import Draw, Node, PathPoint, Solution
from formula2dgm.ir.rewrite import rewrite, walk


def turned(arena: Arena, path: Solution, start: Node) -> Solution:
    """The path backwards in time, from ``start`` at its end."""
    return _from(arena, path, start, path.end, path.begin)


def drawn_back(arena: Arena, path: Solution, start: Node, draw: Callable[[Draw], Node]) -> Solution:
    """The path backwards in time from a new draw, with what the equation draws beside it drawn anew."""
    back, kept = turned(arena, path, start), list(walk(start))
    beside = [each for each in walk(back) if isinstance(each, Draw) and each not in kept]
    memo: dict[Node, Node] = {**{each: each for each in kept}, **{each: draw(each) for each in beside}}
    made = rewrite(arena, back, lambda each: each, memo)
    assert isinstance(made, Solution)
    return made


def begun_at(arena: Arena, path: Solution, start: Node) -> Solution:
    """The path from another value."""
    return _from(arena, path, start, path.begin, path.end)


def _from(arena: Arena, path: Solution, start: Node, begin: Node, end: Node) -> Solution:
    state = arena.make(PathPoint, path.state.name, start, False)
    time = arena.make(PathPoint, path.time.name, start, True)
    memo: dict[Node, Node] = {path.state: state, path.time: time}
    field = rewrite(arena, path.field, lambda each: each, memo)
    return arena.make(Solution, field, state, time, begin, end, path.steps)
