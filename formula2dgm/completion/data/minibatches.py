r"""Means over the examples of a batch whose number has a letter of its own: ``\frac1m \sum_{i=1}^m \log p(x_i)``.

A mean over examples is the same however many they are. Where m stands in such means alone, under no expectation, and
each of them reads, at its index, arguments that the text neither draws nor reads at any other index or without one, and
nothing else that it does not draw itself, m is the number of examples, N.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.names import GREEK_GROUPS, plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import names_objective
from formula2dgm.syntax import tree

#: Letters of the size of a batch.
BATCH_LETTERS = ("m", "M")
#: Letters of indices that count steps.
TIMES = ("t", "s", "tau")


def count_batches(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such means over N examples, and what was decided. ``bound`` are the bindings' keys."""
    out, notes = list(statements), []
    for letter in BATCH_LETTERS:
        nodes = [each for statement in out for each in _read(statement.body)]
        size = tree.Symbol(letter, span=out[0].span) if out else None
        means = [each for each in nodes if _size(each) == size]
        if size is None or not means:
            continue
        inside = {id(part) for each in nodes if isinstance(each, tree.Expect) for part in each.body.walk()}
        defined = [each for each in nodes if isinstance(each, tree.Chain) and each.relations[0] in ("=", ":=")]
        parts = {id(part) for each in defined for part in each.walk()}  # of one example, r = \frac1M \sum_j f(x_j)
        known = any(size in (key, getattr(key, "head", None)) for key in bound)
        if known or sum(each == size for each in nodes) != 2 * len(means):
            continue
        if not any(id(each) in inside | parts for each in means) and all(
            _is_over_examples(each, nodes) for each in means
        ):
            out = [each.with_body(_renamed(each.body, size)) for each in out]
            notes.append(Note(f"{size} is the number of examples, over which the mean is", means[0].span))
    return out, notes


def _read(body: tree.Node) -> Iterator[tree.Node]:
    """What a statement says, without the name that it gives an objective; nothing, where it is of a space."""
    if isinstance(body, tree.Chain) and body.relations[0] == "in":
        return
    named = isinstance(body, tree.Chain) and names_objective(body.members[0])
    for each in body.members[1:] if isinstance(body, tree.Chain) and named else (body,):
        yield from each.walk()


def _size(node: tree.Node) -> tree.Node | None:
    """m of ``\\frac1m \\sum_{i=1}^m``."""
    match node:
        case tree.Mul(factors):
            pairs = list(zip(factors, factors[1:], strict=False))
        case tree.Div(tree.Big() as total, size):
            pairs = [(tree.Div(tree.Number("1", span=node.span), size, span=node.span), total)]
        case _:
            return None
    for share, after in pairs:
        match share, after:
            case tree.Div(tree.Number("1"), size), tree.Big("sum", (tree.Binds(),), upper) if size == upper:
                return size
    return None


def _is_over_examples(node: tree.Node, nodes: Sequence[tree.Node]) -> bool:
    """Does the mean read data at its index: arguments, at no other index, and drawn nowhere?"""
    total = next(each for each in node.all(tree.Big))
    index = plain(total.binders[0].name) if isinstance(total.binders[0], tree.Binds) else None
    read = [each for each in total.body.all(tree.Symbol) if _indices(each) == (index,)]
    letters = {_bare(each) for each in read}
    others = [each for each in nodes if isinstance(each, tree.Symbol) and _bare(each) in letters]
    uses = sum(plain(each) == index for each in total.body.all(tree.Symbol))
    arguments = {argument for each in total.body.all(tree.Call) for argument in (*each.args, *(each.given or ()))}
    drawn = {name for each in nodes if isinstance(each, tree.Expect) for name in _drawn(each)}
    alone = all(_indices(each) == (index,) and each in arguments and each not in drawn for each in others)
    own = {name for each in total.body.all(tree.Expect) for name in _drawn(each)}
    values = {each for each in arguments if isinstance(each, tree.Symbol) and each.letter not in GREEK_GROUPS}
    known = all(_indices(each) == (index,) or each in own for each in values)
    return index not in (None, *TIMES) and bool(read) and alone and known and uses == len(read)


def _drawn(node: tree.Expect) -> Iterator[tree.Node]:
    for each in node.binders:
        match each:
            case tree.Call(args=names) | tree.Draws(names=names):
                yield from names
            case _:
                yield each


def _indices(symbol: tree.Symbol) -> tuple[str | None, ...]:
    return tuple(plain(each) for each in (*symbol.sub, *symbol.sup))


def _bare(symbol: tree.Symbol) -> tree.Symbol:
    return replace(symbol, sub=(), sup=())


def _renamed(node: tree.Node, size: tree.Symbol) -> tree.Node:
    if node == size:
        return tree.Symbol("N", span=node.span)
    return map_children(node, lambda each: _renamed(each, size))
