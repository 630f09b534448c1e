r"""What a statement says at one time is said at all: with ``x_t = x_0 + t z``, ``x_{t-s}`` is ``x_0 + (t-s) z``.

So it is at what a text reads beside ``x_{t_n} = x_0 + t_n z``, ``x_{t_{n+1}}``. Of an index that is counted, t of
``\sum_t`` and of a drawn step, shifts are read as such. What the text itself draws or defines at a time stays, and what
is drawn at each time, ``\epsilon_t``, is not known at another: an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of, positions_in
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

#: Letters of times.
_TIMES = frozenset(("t", "s", "tau"))

#: How often what is written may read values at yet other times.
_DEPTH = 8


def write_other_times(
    statements: Sequence[tree.Statement], keys: Collection[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with what is said of the values that a text reads at other times.

    >>> from formula2dgm.syntax import parse
    >>> text = r"E_{t ~ U(0, 1), x_0, z} ||f(x_t) - f(x_{t/2})||^2; x_t = x_0 + t z"
    >>> str(write_other_times(parse(text)[0], ())[0][2])
    'x_{t / 2} = x_0 + (t / 2) z'
    """
    notes: list[Note] = []
    found = list(statements)
    for _ in range(_DEPTH):
        more = list(_missing(found, keys))
        if not more:
            break
        for point, value in more:
            made = tree.Chain((point, value), ("=",), span=point.span)
            notes.append(Note(f"{made}, as at the time that is said", point.span))
            if _is_position(point.sub[0]):
                found = [each.with_body(_at(each.body, point, value)) for each in found]
            else:
                found.append(tree.Statement(made, span=point.span))
    return found, notes


def _missing(
    statements: Sequence[tree.Statement], keys: Collection[tree.Node]
) -> Iterator[tuple[tree.Symbol, tree.Node]]:
    """The values at other times than that of a definition, of which no statement says what they are, with it."""
    bodies = [each.body for each in statements]
    counted = {name for body in bodies for name in _counted(body)} | positions_in(bodies)
    chains = [each for each in bodies if isinstance(each, tree.Chain) and len(each.members) == 2]
    said = {each.members[0]: each.members[1] for each in chains if each.relations[0] in ("=", ":=")}
    known = {*said, *keys, *(each for body in bodies for node in body.walk() for each in _variables(node))}
    at_times = {letter_of(each) for each in said if isinstance(each, tree.Symbol) and each.sub}
    at_times |= {letter_of(each) for each in keys if isinstance(each, tree.Symbol)}
    points = [each for body in bodies for each in body.all(tree.Symbol) if len(each.sub) == 1]
    for left, body in said.items():
        time = _time_of(left, counted)
        if not isinstance(left, tree.Symbol) or time is None or _recurs(body, left, time):
            continue
        for point in points:
            other = _other_time(left, point, known, at_times) if replace(point, sub=left.sub) == left else None
            if other is None or point in known:
                continue
            known.add(point)
            _refuse_unsaid(body, time, at_times, left, point)
            yield point, _at(body, time, other)


def _time_of(left: tree.Node, counted: Collection[str]) -> tree.Symbol | None:
    """t of ``x_t``, n of ``x_{t_n}``; None where t is counted, or where it is at no time."""
    match left:
        case tree.Symbol(sub=(tree.Symbol() as time,)) if plain(time) in _TIMES:
            return None if plain(time) in counted else time
        case tree.Symbol(sub=(tree.Symbol(letter=letter, sub=(tree.Symbol() as step,)),)) if letter in _TIMES:
            return step
    return None


def _other_time(
    left: tree.Symbol, point: tree.Symbol, known: Collection[tree.Node], at_times: Collection[str]
) -> tree.Node | None:
    """What stands for t or n at another point: ``t - s``, ``r``, ``0.5`` for t; ``n + 1`` for n. A t that nothing draws
    stands for those that are numbered, ``t_n``, alone."""
    own, there = left.sub[0], point.sub[0]
    if own == there:
        return None
    assert isinstance(own, tree.Symbol)
    if _is_position(own):
        return there.sub[0] if isinstance(there, tree.Symbol) and replace(there, sub=own.sub) == own else None
    match there:
        case tree.Number(text=text):
            return there if own in known and not text.isdigit() else None  # x_0 and x_1 are ends of the path
        case tree.Symbol(letter=letter):
            numbered = _is_position(there) and letter_of(there) in at_times
            said = there in known and (own in known or _is_position(there))
            return there if letter in _TIMES | {"r"} and (said or numbered) else None
    return there if own in known and own in there.walk() else None


def _recurs(body: tree.Node, left: tree.Symbol, time: tree.Symbol) -> bool:
    """Is a value said by that at another time: ``x_t = x_{t-1} + v``?"""
    own = [each for each in body.all(tree.Symbol) if replace(each, sub=left.sub) == left]
    return any(time in item.walk() for each in own for item in each.sub)


def _is_position(time: tree.Node) -> bool:
    """Is it one of the times that are numbered, ``t_{n+1}``?"""
    return isinstance(time, tree.Symbol) and bool(time.sub)


def _at(node: tree.Node, time: tree.Symbol, other: tree.Node) -> tree.Node:
    """The node at another time."""
    return other if node == time else map_children(node, lambda each: _at(each, time, other))


def _refuse_unsaid(
    body: tree.Node, time: tree.Symbol, at_times: Collection[str], left: tree.Symbol, point: tree.Symbol
) -> None:
    """An error where a value is made of what is drawn at its time, which is not known at another."""
    for each in body.walk():
        if isinstance(each, tree.Symbol) and any(time in item.walk() for item in each.sub):
            if letter_of(each) not in at_times:
                message = f"{point} is {left} at another time, and nothing says what {each} is there"
                hint = f"write what {point} is, {point} = ..., or what {each} is"
                raise FormulaError(Diagnostic("F2D-0614", "error", message, point.span, hint))


def _counted(body: tree.Node) -> Iterator[str]:
    """The indices of sums and products."""
    for each in body.walk():
        if isinstance(each, tree.Big):
            yield from (name for name, _ in binder_names(each))


def _variables(node: tree.Node) -> Sequence[tree.Node]:
    """What a node draws, and what a density is over and given: values that the text has by other means."""
    match node:
        case tree.Expect(binders=binders):
            return binders
        case tree.Draws(names=names):
            return names
        case tree.Chain(members=(left, *_), relations=("~" | "in", *_)):
            return (left,)
        case tree.Call() if is_density_call(node):
            return (*node.args, *(node.given or ()))
    return ()
