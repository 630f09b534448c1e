r"""Points of a path of which nothing says what they are made of: ``x_t`` of ``E_{t, x_1, \epsilon}``, errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_paths import TIMES, brackets
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.names import plain
from formula2dgm.syntax import tree


def refuse_pathless(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> list[tree.Statement]:
    """The statements; an error where a time and x at a number are drawn, and an ``x_t`` is read that nothing draws or
    defines: it would be data of its own, that has nothing to do with the draws."""
    made = {each for statement in statements for each in made_by(statement.body)} | set(keys)
    drawn = {plain(each) for each in map(_drawn_time, (statement.body for statement in statements)) if each is not None}
    for binders, expectation in (each for statement in statements for each in brackets(statement.body)):
        names = [each for binder in binders for each in _names(binder)]
        numbered = [each for each in names if len(each.sub) == 1 and isinstance(each.sub[0], tree.Number)]
        times = drawn | {plain(each) for each in names}
        others = [each for each in names if plain(each) not in TIMES]
        for point in (each for each in expectation.body.all(tree.Symbol) if each not in made):
            time = plain(point.sub[0]) if len(point.sub) == 1 else None
            if time in times & set(TIMES) and any(replace(each, sub=point.sub) == point for each in numbered):
                raise FormulaError(_refusal(point, others))
    return list(statements)


def _refusal(place: tree.Symbol, names: Sequence[tree.Symbol]) -> Diagnostic:
    first, *others = dict.fromkeys(names)
    ends = f"{', '.join(map(str, (first, *others[:-1])))} and {others[-1]} are" if others else f"{first} is"
    message = f"{place} is read where {ends} drawn, and nothing says how it is made of {'them' if others else 'it'}"
    time = place.sub[0]
    example = f"{place} = (1 - {time}) {first} + {time} {others[0] if others else 'epsilon'}"
    hint = f"write what it is, for a time of the unit interval {example}, or draw it: {place} ~ q({place}|{first})"
    return Diagnostic("F2D-0539", "error", message, place.span, hint)


def _names(binder: tree.Node) -> Iterator[tree.Symbol]:
    """The names that a bracket draws."""
    match binder:
        case tree.Symbol():
            yield binder
        case tree.Draws(names=names) | tree.Call(args=names) | tree.Tuple(items=names) | tree.Mul(factors=names):
            for each in names:
                yield from _names(each)


def made_by(body: tree.Node) -> Iterator[tree.Node]:
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
