r"""Schedules of noise that are made of numbers which nothing gives: ``\beta_t = c t`` without a c.

A free number is 1 by default; a schedule made of such numbers adds noise that is no noise process, and no error would
show it. So it is refused from the formula alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.completion.processes.default_statements import SCHEDULES
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.names import plain
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

_KNOWN = frozenset(("T", "t", "s", "e", "pi"))


def refuse_open_schedules(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> list[tree.Statement]:
    """The statements as they are, if what their schedules are made of is known; ``keys`` are what is bound."""
    chains = [each.body for each in statements if isinstance(each.body, tree.Chain)]
    said = [each.members[0] for each in chains if each.relations[0] in ("=", ":=", "~")]
    known = {_letters(each.head if isinstance(each, tree.Call) else each) for each in (*said, *keys)}
    for chain in chains:
        left = chain.members[0]
        if not isinstance(left, tree.Symbol) or (left.letter, left.accents) not in SCHEDULES or not left.sub:
            continue
        others = (node for each in statements if each.body is not chain for node in each.body.walk())
        if not any(isinstance(each, tree.Symbol) and _letters(each) == _letters(left) for each in others):
            continue
        for each in _values(chain.members[-1]):
            if _letters(each) not in known and plain(each) not in (*_KNOWN, *INDEX_LETTERS):
                raise FormulaError(
                    Diagnostic(
                        "F2D-0519",
                        "error",
                        f"{left} is made of {each}, and nothing says what {each} is",
                        each.span,
                        f"write {each} = ..., or bind it: {{{str(each)!r}: 0.02}}",
                    )
                )
    return list(statements)


def _letters(node: tree.Node) -> tuple[object, ...]:
    """A name without the step that it is read at: words and numbers below belong to it."""
    if not isinstance(node, tree.Symbol):
        return (str(node),)
    names = (each for each in node.sub if isinstance(each, tree.Number | tree.Symbol))
    below = tuple(str(each) for each in names if isinstance(each, tree.Number) or len(str(each)) > 1)
    return node.letter, node.accents, below


def _values(node: tree.Node) -> Iterator[tree.Symbol]:
    """The names that a value is made of, functions and what sums bind aside."""
    if isinstance(node, tree.Symbol):
        yield node
        return
    own = {name for each in (node.binders if isinstance(node, tree.Big) else ()) for name in each.walk()}
    for child in node.children:
        if isinstance(node, tree.Call) and child is node.head or child in own:
            continue
        yield from (each for each in _values(child) if each not in own)
