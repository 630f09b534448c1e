r"""Points of a path of which nothing says what they are made of: ``x_t`` of ``E_{t, x_1, \epsilon}``, errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.default_paths import TIMES, brackets
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.names import plain
from formula2dgm.syntax import tree


def refuse_pathless(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> list[tree.Statement]:
    """The statements; an error where a bracket draws a time and x at a number, and reads an ``x_t`` that nothing draws
    or defines: it would be data of its own, that has nothing to do with the draws."""
    made = {each for statement in statements for each in _made(statement.body)} | set(keys)
    moments = [each for statement in statements if (each := _drawn_time(statement.body)) is not None]
    for binders, expectation in (each for statement in statements for each in brackets(statement.body)):
        names = [each for binder in binders for each in _names(binder)]
        times = [each for each in (*names, *moments) if plain(each) in TIMES]
        numbered = [each for each in names if len(each.sub) == 1 and isinstance(each.sub[0], tree.Number)]
        others = [each for each in names if each not in times]
        for point in (replace(start, sub=(time,)) for start in numbered for time in times):
            place = next((each for each in expectation.body.walk() if each == point), None)
            if place is not None and point not in made and len(others) > 1:
                raise FormulaError(_refusal(place, others))
    return list(statements)


def _refusal(place: tree.Node, names: Sequence[tree.Symbol]) -> Diagnostic:
    assert isinstance(place, tree.Symbol)
    ends = " and ".join(map(str, dict.fromkeys(names)))
    time = place.sub[0]
    example = f"{place} = (1 - {time}) {names[0]} + {time} {names[1]}"
    message = f"{place} is read where {ends} are drawn, and nothing says how it is made of them"
    return Diagnostic(
        "F2D-0535", "error", message, place.span, f"write what it is, for a time of the unit interval {example}"
    )


def _names(binder: tree.Node) -> Iterator[tree.Symbol]:
    """The names that a bracket draws."""
    match binder:
        case tree.Symbol():
            yield binder
        case tree.Draws(names=names) | tree.Call(args=names) | tree.Tuple(items=names) | tree.Mul(factors=names):
            for each in names:
                yield from _names(each)


def _made(body: tree.Node) -> Iterator[tree.Node]:
    """What a statement defines or draws, and what its brackets draw."""
    if isinstance(body, tree.Chain) and body.relations[0] in ("=", ":=", "~"):
        left = body.members[0]
        if isinstance(left, tree.Relates):
            left = left.left
        if not isinstance(left, tree.Call) or left.given is None:
            yield from left.walk()
    for node in body.walk():
        if isinstance(node, tree.Expect):
            for binder in node.binders:
                yield from _names(binder)


def _drawn_time(body: tree.Node) -> tree.Symbol | None:
    match body:
        case tree.Chain(members=(tree.Symbol() as name, *_), relations=("~", *_)) if plain(name) in TIMES:
            return name
    return None
