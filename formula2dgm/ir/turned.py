"""Paths that begin at other values: the same equation from where another one ends."""

from __future__ import annotations

from formula2dgm.ir.arena import Arena
from formula2dgm.ir.nodes import Along, Node, Solution
from formula2dgm.ir.rewrite import rewrite


def turned(arena: Arena, path: Solution, start: Node) -> Solution:
    """The path backwards in time, from ``start`` at its end."""
    return _from(arena, path, start, path.end, path.begin)


def begun_at(arena: Arena, path: Solution, start: Node) -> Solution:
    """The path from another value."""
    return _from(arena, path, start, path.begin, path.end)


def _from(arena: Arena, path: Solution, start: Node, begin: Node, end: Node) -> Solution:
    state = arena.make(Along, path.state.name, start, False)
    time = arena.make(Along, path.time.name, start, True)
    memo: dict[Node, Node] = {path.state: state, path.time: time}
    field = rewrite(arena, path.field, lambda each: each, memo)
    return arena.make(Solution, field, state, time, begin, end, path.steps)
