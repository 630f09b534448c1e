r"""Derivatives written by a dot or a prime: ``\dot\alpha_t``, ``\gamma'(t)``, where the text says what ``\alpha_t`` is.

\dot\gamma(t), \gamma'(t)        \frac{d}{dt} \gamma(t)
\dot\alpha_t, \alpha_t'          \frac{d}{dt} \alpha_t
\dot\mu_t(x), \mu_t'(x)          \frac{d}{dt} \mu_t(x)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading.notes import Note, Notes
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

_MARKS = ("dot", "prime")


def write_derivatives(
    statements: Sequence[tree.Statement], bound: Collection[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the derivatives written out, and what was decided; ``bound`` are the names that a user
    binds."""
    said = {_stem(left) for each in statements if (left := _defined(each)) is not None}
    drawn = [name for root in (each.body for each in statements) for name in _drawn(root)]
    named = said | {_stem(each) for each in drawn} | {_stem(each) for each in bound if isinstance(each, tree.Symbol)}
    notes = Notes()

    def written(node: tree.Node) -> tree.Node:
        made = map_children(node, written)
        symbol = made.head if isinstance(made, tree.Call) else made
        if not isinstance(symbol, tree.Symbol) or not set(symbol.accents) & set(_MARKS):
            return made
        plain = replace(symbol, accents=tuple(each for each in symbol.accents if each not in _MARKS))
        by = _variable(made, plain)
        if _stem(plain) not in said or _stem(symbol) in named or by is None:
            return made
        inside = replace(made, head=plain) if isinstance(made, tree.Call) else plain
        notes.add(f"{made} is the derivative of {inside} by {by}", made.span)
        return tree.Prefix("jac", inside, (by,), True, span=made.span)

    return [replace(each, body=written(each.body)) for each in statements], notes.found


def _defined(statement: tree.Statement) -> tree.Symbol | None:
    """What a statement defines: the name of a value, or of a function."""
    match statement.body:
        case tree.Chain(members=(tree.Symbol() as name, *_), relations=("=" | ":=", *_)):
            return name
        case tree.Chain(members=(tree.Call(head=tree.Symbol() as name, given=None), *_), relations=("=" | ":=", *_)):
            return name
    return None


def _drawn(root: tree.Node) -> Iterator[tree.Symbol]:
    """What a statement or a bracket draws."""
    for node in root.walk():
        match node:
            case tree.Draws(names=names):
                yield from (each for each in names if isinstance(each, tree.Symbol))
            case tree.Chain(members=(tree.Symbol() as name, *_), relations=("~", *_)):
                yield name


def _stem(symbol: tree.Symbol) -> tuple[str, str, tuple[str, ...]]:
    return symbol.style, symbol.letter, symbol.accents


def _variable(node: tree.Node, plain: tree.Symbol) -> tree.Symbol | None:
    """The time: the one subscript, else the one argument."""
    if len(plain.sub) == 1 and isinstance(plain.sub[0], tree.Symbol):
        return plain.sub[0]
    argument = node.args[0] if isinstance(node, tree.Call) and len(node.args) == 1 and not plain.sub else None
    return argument if isinstance(argument, tree.Symbol) else None
