"""Numbers that running text gives to names: ``$\\beta = 4$`` is a setting, ``when $t = 0$`` is prose."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from formula2dgm.documents.formulas import Entry
from formula2dgm.syntax import tree

#: Words behind which an equation says in which case something holds.
_CASE = re.compile(r"\b(?:when|whenever|if|unless|until|at)\s+$", re.IGNORECASE)
#: The same in a display, as the last words of a text there: ``\\text{ at time }t=0``.
_CASE_IN_DISPLAY = re.compile(
    r"\\(?:text[a-z]*|mbox)\s*\{[^{}]*\b(?:when|whenever|if|unless|until|for|at(?:\s+times?)?)[~\s]*\}"
    r"(?:[~\s&]|\\[ ,;:!]|\\q?quad)*$"
    r"|\\(?:text[a-z]*|mbox)\s*\{[^{}$]*\b(?:when|whenever|if|unless|until|for|at(?:\s+times?)?)\s*\$$",
    re.IGNORECASE,
)
_FEW = 20
_MORE = 60


def without_cases(entries: Sequence[Entry]) -> list[Entry]:
    """The entries without the equations of running text that are cases, and its numbers that are no settings.

    A name is set to a number if all the text gives it that one number, and the name is no index and no bound
    variable of a display. It is set once, where it is set first.
    """
    displayed = [each if each.formula.inline else _without_cases_displayed(each) for each in entries]
    stated = _kept(displayed, lambda entry, statement: not (_is_equation(statement) and _is_case(entry)))
    values: dict[str, set[str]] = defaultdict(set)
    taken = _running(stated)
    for entry in stated:
        for name, value in filter(None, map(_number, entry.statements)):
            values[name].add(value)
            taken.update(() if entry.formula.inline else (name,))
    taken.update(name for name, each in values.items() if len(each) > 1)

    def is_first(entry: Entry, statement: tree.Statement) -> bool:
        given = _number(statement)
        if given is None:
            return True
        known = given[0] in taken
        taken.add(given[0])
        return not known

    return _kept(stated, is_first)


def _without_cases_displayed(entry: Entry) -> Entry:
    """A display without the numbers that its words call a case."""
    text, start = entry.formula.text, entry.formula.start

    def is_case(statement: tree.Statement) -> bool:
        place = statement.span.start - start
        before = text[max(0, place - _MORE) : max(0, place)]
        return _number(statement) is not None and _CASE_IN_DISPLAY.search(before) is not None

    kept = tuple(each for each in entry.statements if not is_case(each))
    return entry if len(kept) == len(entry.statements) else replace(entry, statements=kept)


def _kept(entries: Sequence[Entry], wanted: Callable[[Entry, tree.Statement], bool]) -> list[Entry]:
    """The entries with those statements of running text that are wanted; displays stay as they are."""
    out: list[Entry] = []
    for entry in entries:
        if not entry.formula.inline:
            out.append(entry)
        elif statements := tuple(each for each in entry.statements if wanted(entry, each)):
            out.append(replace(entry, statements=statements))
    return out


def _number(statement: tree.Statement) -> tuple[str, str] | None:
    """The name and the value of ``name = number``; its own capital is the last of its numbers, ``t = T``."""
    body = statement.body
    if not isinstance(body, tree.Chain) or not _is_equation(statement):
        return None
    name, value = body.members
    if not isinstance(name, tree.Symbol):
        return None
    leaves = [each for each in value.walk() if not list(each.children)]
    is_last = name.letter != name.letter.upper() and value == replace(name, letter=name.letter.upper())  # t = T
    if is_last or all(isinstance(each, tree.Number | tree.Infinity) for each in leaves):
        return str(name), str(value)
    return None


def _is_equation(statement: tree.Statement) -> bool:
    return isinstance(statement.body, tree.Chain) and statement.body.relations in {("=",), (":=",)}


def _is_case(entry: Entry) -> bool:
    opened = entry.formula.opened
    return _CASE.search(entry.formula.source.text[max(0, opened - _FEW) : opened]) is not None


def _running(entries: Sequence[Entry]) -> set[str]:
    """The names that run in the displays: bound variables, and small letters of subscripts that are no last index."""
    bound: set[str] = set()
    indices: set[str] = set()
    ends: set[str] = set()
    for entry in entries:
        for statement in () if entry.formula.inline else entry.statements:
            for node in statement.walk():
                bound.update(_bound(node))
                indices.update(_indices(node))
                ends.update(_ends(node))
    return bound | (indices - ends)


def _bound(node: tree.Node) -> Iterator[str]:
    if isinstance(node, tree.Big | tree.Expect):
        names: Sequence[tree.Node] = [name for each in node.binders for name in _names(each)]
    elif isinstance(node, tree.Integral):
        names = node.variables
    elif isinstance(node, tree.Optimise):
        names = node.names
    else:
        return
    yield from map(str, names)


def _names(binder: tree.Node) -> Sequence[tree.Node]:
    """What a binder binds."""
    if isinstance(binder, tree.Draws):
        return binder.names
    if isinstance(binder, tree.Binds):
        return (binder.name,)
    if isinstance(binder, tree.Relates):
        return (binder.left,)
    return (binder,)


def _indices(node: tree.Node) -> Iterator[str]:
    subscripts = node.sub if isinstance(node, tree.Symbol) else node.index if isinstance(node, tree.Indexed) else ()
    for each in subscripts:
        if isinstance(each, tree.Call) and isinstance(each.head, tree.Symbol) and len(each.head.letter) > 1:
            continue  # L_{JM(alpha)}: a label, in which alpha is what it is elsewhere
        for name in each.walk():
            if isinstance(name, tree.Symbol) and name.letter.islower() and not (name.sub or name.accents):
                yield str(name)


def _ends(node: tree.Node) -> Iterator[str]:
    """The names that say how far something goes: an upper bound, what follows the dots, a size."""
    if isinstance(node, tree.Big | tree.Integral | tree.Range) and node.upper is not None:
        yield str(node.upper)
    elif isinstance(node, tree.Power):
        yield str(node.exponent)
    elif isinstance(node, tree.Tuple):
        for dots, last in zip(node.items, node.items[1:], strict=False):
            if isinstance(dots, tree.Ellipsis):
                yield from (str(each) for each in last.all(tree.Symbol))
