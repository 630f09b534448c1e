"""Noise that is used with an index of a sum: ``z^{(k)} = \\mu + \\sigma \\odot \\epsilon^{(k)}`` under ``\\sum_k``.

It is drawn anew for each value of the index, also where the text draws ``\\epsilon \\sim N(0, I)`` without one. Where
the text draws it nowhere, and defaults are allowed, it is standard Normal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.data_names import DATA_SIZES
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.syntax import tree

#: Letters that stand for noise where nothing says what is drawn.
_NOISE = frozenset(("epsilon", "varepsilon", "eps", "xi"))


def index_noise(statements: Sequence[tree.Statement], defaults: bool) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with each draw of noise at the index it is used with, and what was decided."""
    out, notes = list(statements), []
    for bare, used in _indexed_noise(statements).items():
        drawn = [i for i, each in enumerate(out) if _draws(each, bare)]
        text = f"{bare} is drawn anew for each {', '.join(map(str, (*used.sub, *used.sup)))}"
        if len(drawn) == 1:
            statement = out[drawn[0]]
            assert isinstance(statement.body, tree.Chain)
            left = replace(used, span=statement.body.members[0].span)
            members = (left, *statement.body.members[1:])
            out[drawn[0]] = statement.with_body(replace(statement.body, members=members))
            notes.append(Note(text, left.span))
        elif not drawn and defaults and bare.letter in _NOISE and not _is_bound(bare, statements):
            normal = tree.Call(
                tree.Symbol("N", span=used.span),
                (tree.Number("0", span=used.span), tree.Symbol("I", span=used.span)),
                span=used.span,
            )
            out.append(tree.Statement(tree.Chain((used, normal), ("~",), span=used.span), span=used.span))
            notes.append(Note(f"{text}, from the standard Normal", used.span))
    return out, notes


def _indexed_noise(statements: Sequence[tree.Statement]) -> dict[tree.Symbol, tree.Symbol]:
    """The names that stand with one index of a sum over draws and never without, each with how it is written."""
    nodes = [each for statement in statements for each in statement.body.walk()]
    bounds = {name: str(upper) for each in nodes if isinstance(each, tree.Big) for name, upper in binder_names(each)}
    indices = {name for name, upper in bounds.items() if upper not in (*DATA_SIZES, "None", "T")}
    if not indices:
        return {}
    uses: dict[tree.Symbol, set[tree.Symbol]] = {}
    for statement in statements:
        for each in _values(statement):
            if isinstance(each, tree.Symbol):
                uses.setdefault(replace(each, sub=(), sup=()), set()).add(each)
    single = {bare: next(iter(every)) for bare, every in uses.items() if len(every) == 1}
    return {
        bare: used
        for bare, used in single.items()
        if len(items := (*used.sub, *used.sup)) == 1 and plain(items[0]) in indices
    }


def _values(statement: tree.Statement) -> Iterator[tree.Node]:
    """What stands in a statement, of a draw without what it draws."""
    body = statement.body
    roots = body.members[1:] if isinstance(body, tree.Chain) and body.relations[0] == "~" else (body,)
    return (each for root in roots for each in root.walk())


def _draws(statement: tree.Statement, name: tree.Symbol) -> bool:
    """Does a statement draw this name without an index?"""
    match statement.body:
        case tree.Chain(members=(tree.Symbol() as left, _), relations=("~",)):
            return left == name
    return False


def _is_bound(name: tree.Symbol, statements: Sequence[tree.Statement]) -> bool:
    """Does something draw it, define it or have it for a variable?"""
    for node in (each for statement in statements for each in statement.body.walk()):
        match node:
            case tree.Chain(members=(left, *_)):
                items = left.items if isinstance(left, tree.Tuple) else (left,)
            case tree.Draws(names=items):
                pass
            case tree.Expect(binders=items):
                pass
            case tree.Call(args=items, given=given) if given is not None:
                pass
            case _:
                continue
        if any(isinstance(each, tree.Symbol) and replace(each, sub=(), sup=()) == name for each in items):
            return True
    return False
