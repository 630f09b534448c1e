r"""Where a path of noise starts: at ``x_0`` of ``E_{t, x_0, \epsilon}``, at x of ``E_{t, x, \epsilon}``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from formula2dgm.completion.processes.default_statements import ALPHA_BAR, SCHEDULES, is_named, is_zero
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.syntax import tree


def starts_of(
    names: Collection[tree.Symbol], noise: tree.Symbol | None, times: Collection[str], expectation: tree.Expect
) -> list[tree.Symbol]:
    """What a bracket draws at step 0; x where it draws none, but noise and a time, and reads ``x_t``, or x beside the
    share of the data that is left at t."""
    zero = [each for each in names if len(each.sub) == 1 and is_zero(each.sub[0])]
    if zero or noise is None or any(each.sub for each in names if letter_of(each) != letter_of(noise)):
        return zero
    symbols = list(expectation.body.all(tree.Symbol))
    bare = [each for each in names if not each.sup and plain(each) not in times and each != noise]
    read = [(own, each) for own in bare for each in symbols if each.sub and replace(each, sub=()) == own]
    if read:
        moved = [(own, each.sub[0]) for own, each in read if _at(each, times, names)]
        return list(dict.fromkeys(own for own, time in moved if reads_time(expectation, own, noise, time)))
    mixed = any(is_named(each, ALPHA_BAR) and _at(each, times, names) for each in symbols)
    return [each for each in bare if mixed and each in symbols][:1]


def reads_time(expectation: tree.Expect, start: tree.Symbol, noise: tree.Symbol, time: tree.Node) -> bool:
    """Is a time a value here, of a network or a schedule, and no place in a sequence? Of a sequence other steps are
    read, too, or noise is added to them."""
    symbols = list(expectation.body.all(tree.Symbol))
    given = [each.args for each in expectation.body.all(tree.Call)]
    steps = {each.sub for each in symbols if replace(each, sub=()) == replace(start, sub=())}
    if (time,) in steps:
        inside = {node for args in given for each in args for node in each.walk()}
        if noise in inside or not any(replace(start, sub=(time,)) in args for args in given):
            return False
    scheduled = any(is_named(each, own) and each.sub == (time,) for each in symbols for own in SCHEDULES)
    return steps <= {(), start.sub, (time,)} and (scheduled or any(time in args for args in given))


def _at(symbol: tree.Symbol, times: Collection[str], names: Collection[tree.Symbol]) -> bool:
    """Is it read at a time that the bracket draws, ``x_t``?"""
    return len(symbol.sub) == 1 and plain(symbol.sub[0]) in times and symbol.sub[0] in names
