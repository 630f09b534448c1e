r"""Derivatives written by a dot or a prime: ``\dot\alpha_t``, ``\gamma'(t)``, where the text says what ``\alpha_t`` is.

\dot\gamma(t), \gamma'(t)        \frac{d}{dt} \gamma(t)
\dot\alpha_t, \alpha_t'          \frac{d}{dt} \alpha_t
\dot\mu_t(x), \mu_t'(x)          \frac{d}{dt} \mu_t(x)
\dot I(t, x)                     \frac{d}{dt} I(t, x)
\ddot\alpha_t, \alpha_t''        \frac{d}{dt} \frac{d}{dt} \alpha_t
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading.notes import Note, Notes
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

#: How often each mark differentiates.
_MARKS = {"dot": 1, "ddot": 2, "prime": 1}


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
        head = node.head if isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol) else None
        made = map_children(node, lambda each: each if each is head else written(each))
        symbol = made.head if isinstance(made, tree.Call) else made
        if not isinstance(symbol, tree.Symbol) or not set(symbol.accents) & set(_MARKS):
            return made
        plain = unmarked(symbol)
        by = _variable(made, plain, dotted="prime" not in symbol.accents)
        if _stem(plain) not in said or _stem(symbol) in named or by is None:
            return made
        inside: tree.Node = replace(made, head=plain) if isinstance(made, tree.Call) else plain
        order = sum(_MARKS.get(each, 0) for each in symbol.accents)
        which = "derivative" if order == 1 else f"derivative of order {order}"
        notes.add(f"{made} is the {which} of {inside} by {by}", made.span)
        for _ in range(order):
            inside = tree.Prefix("jac", inside, (by,), True, span=made.span)
        return inside

    return [each.with_body(written(each.body)) for each in statements], notes.found


def unmarked(symbol: tree.Symbol) -> tree.Symbol:
    """The name without the dots and primes of a derivative."""
    return replace(symbol, accents=tuple(each for each in symbol.accents if each not in _MARKS))


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


def _variable(node: tree.Node, plain: tree.Symbol, dotted: bool) -> tree.Symbol | None:
    """The time: the one subscript, else the one argument; for a dot the one among them that is called t."""
    if len(plain.sub) == 1 and isinstance(plain.sub[0], tree.Symbol):
        return plain.sub[0]
    arguments = node.args if isinstance(node, tree.Call) and not plain.sub else ()
    times = [each for each in arguments if dotted and str(each) in ("t", "tau")]
    (argument,) = arguments if len(arguments) == 1 else times if len(times) == 1 else (None,)
    return argument if isinstance(argument, tree.Symbol) else None
