r"""Last steps of recurrences: K of ``x_K``, where ``x_k = f(x_{k-1})`` says what x is at each step.

What a recurrence defines has a value at its steps and nowhere else: a capital in the place of its index is no label but
the number of steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from formula2dgm.reading.names import Place, plain, scripts
from formula2dgm.reading.positions import letter_of
from formula2dgm.syntax import tree

Read = tuple[str, Place]
#: A letter with the place and the name of an index.
At = tuple[str, Place, str]


def recurrences(nodes: Iterable[tree.Node]) -> dict[Read, str]:
    """The letters that statements define by their own values at other steps, by themselves or through each other, with
    the place of the step and its index.

    >>> from formula2dgm.syntax import parse_one
    >>> recurrences([parse_one("x_k = x_{k-1} + z_k")])
    {('x', ('sub', 1, 0)): 'k'}
    >>> sorted(recurrences([parse_one("u_k = x_{k-1} + z_k"), parse_one("x_k = u_k - f(u_k)")]))
    [('u', ('sub', 1, 0)), ('x', ('sub', 1, 0))]
    """
    read: dict[At, set[tuple[At, bool]]] = {}
    for node in nodes:
        if not isinstance(node, tree.Chain) or node.relations[0] not in ("=", ":="):
            continue
        left, *bodies = node.members
        heads = left.items if isinstance(left, tree.Tuple) else (left,)
        for head in (each for each in heads if isinstance(each, tree.Symbol)):
            for place, item in scripts(head):
                if (index := plain(item)) is not None:
                    read.setdefault((letter_of(head), place, index), set()).update(_reads(bodies, index))
    return {(letter, place): index for letter, place, index in read if _returns(read, (letter, place, index))}


def _returns(read: Mapping[At, set[tuple[At, bool]]], start: At) -> bool:
    """Does a way lead from what is defined to itself at another step?"""
    waiting, seen = [(start, False)], set[tuple[At, bool]]()
    while waiting:
        at, moved = waiting.pop()
        for each, moves in read.get(at, ()):
            further = (each, moved or moves)
            if further == (start, True):
                return True
            if further not in seen:
                seen.add(further)
                waiting.append(further)
    return False


def last_steps(nodes: Iterable[tree.Node]) -> dict[str, tuple[tree.Symbol, ...]]:
    """The names of the last steps of recurrences, by their index; what a statement defines by itself is none."""
    nodes = list(nodes)
    known = recurrences(nodes)
    if not known:
        return {}
    own = {each.members[0] for each in nodes if isinstance(each, tree.Chain)}
    symbols = (each for root in nodes for each in root.all(tree.Symbol) if each not in own)
    found: dict[str, dict[tree.Symbol, None]] = {}
    for symbol in symbols:
        for place, item in scripts(symbol):
            index, last = known.get((letter_of(symbol), place)), _first_term(item)
            if index is not None and isinstance(last, tree.Symbol) and _is_capital(last):
                found.setdefault(index, {}).setdefault(last)
    return {index: tuple(ends) for index, ends in found.items()}


def with_last_steps(
    bounds: Mapping[str, tree.Node], ends: Mapping[str, tuple[tree.Symbol, ...]]
) -> dict[str, tree.Node]:
    """The upper bounds of indices; that of a recurrence which no sum runs along is its last step."""
    return {**{index: names[0] for index, names in ends.items()}, **bounds}


def _reads(nodes: Iterable[tree.Node], index: str) -> Iterator[tuple[At, bool]]:
    """What is read at an index, and at the steps before or after it: whether it is another step."""
    for symbol in (each for root in nodes for each in root.all(tree.Symbol)):
        for place, item in scripts(symbol):
            if plain(_first_term(item)) == index:
                yield (letter_of(symbol), place, index), isinstance(item, tree.Add)


def _first_term(item: tree.Node) -> tree.Node:
    """``K`` of ``K - 1``."""
    return item.terms[0] if isinstance(item, tree.Add) else item


def _is_capital(symbol: tree.Symbol) -> bool:
    name = plain(symbol)
    return name is not None and len(name) == 1 and name.isupper()
