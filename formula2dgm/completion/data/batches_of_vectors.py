r"""A batch of vectors under one name: Z of ``v(Z) = \frac1d \sum_j \max(0, \gamma - \sqrt{\mathrm{Var}(z^j)})``.

A capital that the text only hands on to what it defines, or says to be the list of these vectors, stands for the value
of the small letter; and ``\bar z``, which nothing defines otherwise, for the mean over the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.names.matrix_entries import is_outer
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

_DEFINES = ("=", ":=")


def name_batches(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the value of one example in place of a batch and of a mean, and what was decided."""
    if not any(each.body.all(tree.Big) for each in statements):
        return list(statements), []
    indices = {name for each in statements for name in _bound(each.body)}
    read = {
        _stem(each, indices) for one in statements for each in one.body.all(tree.Symbol) if _stem(each, indices) != each
    }
    read |= {each.base for one in statements for each in one.body.walk() if _is_entry(each, indices)}  # type: ignore[attr-defined]
    notes: list[Note] = []
    out = _without_capitals(list(statements), read, keys, notes)
    return _without_bars(out, read, indices, keys, notes), notes


def _bound(body: tree.Node) -> Iterator[str]:
    for each in body.walk():
        if isinstance(each, tree.Big) and each.op in ("sum", "prod"):
            yield from (name for name, _ in binder_names(each) if len(name) == 1)


def _is_entry(node: tree.Node, indices: set[str]) -> bool:
    """``z^j`` of a name and the index of a sum."""
    return isinstance(node, tree.Power) and isinstance(node.base, tree.Symbol) and plain(node.exponent) in indices


def _stem(symbol: tree.Symbol, indices: set[str]) -> tree.Symbol:
    return replace(symbol, sub=tuple(each for each in symbol.sub if plain(each) not in indices))


# -- capitals --------------------------------------------------------------------------------------------


def _without_capitals(
    statements: list[tree.Statement], read: set[tree.Symbol], keys: Sequence[tree.Node], notes: list[Note]
) -> list[tree.Statement]:
    """Z as z, where z is read at an index and the text does with Z nothing but hand it on."""
    used = {each: each.span for one in statements for each in one.body.all(tree.Symbol) if _is_capital(each)}
    handed = [each for one in statements for each in _handed(one.body, _functions(statements))]
    put: dict[tree.Symbol, tree.Symbol] = {}
    for each, span in used.items():
        small = replace(each, letter=each.letter.lower())
        everywhere = sum(one == each for s in statements for one in s.body.walk())
        lists = sum(_lists(s.body, each) for s in statements)
        if _family(small) in map(_family, read) and each not in keys and everywhere == handed.count(each) + lists:
            put[each] = small
            notes.append(Note(f"{each} is the batch of {small}", span))
    if not put:
        return statements
    kept = [each for each in statements if not any(_lists(each.body, capital) for capital in put)]
    return [each.with_body(_replaced(each.body, put)) for each in kept]


def _is_capital(symbol: tree.Symbol) -> bool:
    return len(symbol.letter) == 1 and symbol.letter.isupper() and not symbol.style


def _family(symbol: tree.Symbol) -> str:
    """The letter that primes and labels tell apart."""
    return symbol.letter


def _functions(statements: Sequence[tree.Statement]) -> set[tree.Node]:
    """The heads of what the text defines with arguments."""
    found: set[tree.Node] = set()
    for each in statements:
        match each.body:
            case tree.Chain(members=(tree.Call(head=head), *_), relations=(relation, *_)) if relation in _DEFINES:
                found.add(head)
    return found


def _handed(body: tree.Node, functions: set[tree.Node]) -> Iterator[tree.Node]:
    for each in body.walk():
        if isinstance(each, tree.Call) and each.head in functions:
            yield from each.args


def _lists(body: tree.Node, capital: tree.Symbol) -> bool:
    """``Z = [z_1, \\dots, z_n]``."""
    match body:
        case tree.Chain(members=(left, tree.Func("concat", items)), relations=("=" | ":=",)):
            symbols = [each for each in items if isinstance(each, tree.Symbol)]
            return left == capital and all(each.letter == capital.letter.lower() for each in symbols)
    return False


def _replaced(node: tree.Node, put: dict[tree.Symbol, tree.Symbol]) -> tree.Node:
    if isinstance(node, tree.Symbol) and node in put:
        return replace(put[node], span=node.span)
    return map_children(node, lambda each: _replaced(each, put))


# -- means -----------------------------------------------------------------------------------------------


def _without_bars(
    statements: list[tree.Statement],
    read: set[tree.Symbol],
    indices: set[str],
    keys: Sequence[tree.Node],
    notes: list[Note],
) -> list[tree.Statement]:
    """``\\bar z`` beside ``z_i`` under a sum over i, as the mean of z over the batch."""
    said = {each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)} | set(keys)
    drawn = {name.letter for each in statements for name in _drawn(each.body)}
    put: dict[tree.Symbol, tree.Node] = {}

    def enter(node: tree.Node) -> None:
        for each in node.walk():
            if isinstance(each, tree.Big) and _takes_entries(each.body):
                own = {name for name, _ in binder_names(each)} - {"s", "t"}
                inside = list(each.body.all(tree.Symbol))
                for one in inside:
                    plainly = replace(one, accents=one.accents[:-1])
                    beside = any(_stem(other, own) == plainly != other for other in inside)
                    if (
                        one.accents[-1:] == ("bar",)
                        and beside
                        and one.letter not in drawn
                        and one not in said
                        and one not in put
                    ):
                        put[one] = tree.Func("mean", (plainly,), span=one.span)
                        notes.append(Note(f"{one} is the mean of {plainly} over the batch", one.span))

    kept = []
    for each in statements:
        if (mean := _mean_defined(each.body, indices)) is not None:
            said.discard(mean)
        else:
            kept.append(each)
    for each in kept:
        enter(each.body)
    if not put:
        return statements

    def written(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Symbol) and node in put:
            return replace(put[node], span=node.span)
        return map_children(node, written)

    whole = [each for each in statements if _mean_defined(each.body, indices) not in put]
    return [each.with_body(written(each.body)) for each in whole]


def _drawn(body: tree.Node) -> Iterator[tree.Symbol]:
    """The variables that a density is drawn for, perhaps several times."""
    for each in body.walk():
        match each:
            case tree.Draws(names=names) | tree.Chain(members=names, relations=("~", *_)):
                yield from (name for name in names if isinstance(name, tree.Symbol))
            case tree.Call(args=args, given=tuple()):
                yield from (name for name in args if isinstance(name, tree.Symbol))


def _takes_entries(body: tree.Node) -> bool:
    """Is the sum made of columns times rows, or of entries? A bar elsewhere may be over draws, steps, or a name."""
    return is_outer(body) or any(isinstance(each, tree.Indexed) for each in body.walk())


def _mean_defined(body: tree.Node, indices: set[str]) -> tree.Symbol | None:
    """``\\bar z`` of ``\\bar z = \\frac1n \\sum_{i=1}^n z_i``."""
    match body:
        case tree.Chain(
            members=(
                tree.Symbol(accents=(*others, "bar")) as left,
                tree.Mul((tree.Div(tree.Number("1"), size), tree.Big("sum", _, upper, tree.Symbol() as one))),
            ),
            relations=("=" | ":=",),
        ) if size == upper and _stem(one, indices) == replace(left, accents=tuple(others)) != one:
            return left
    return None
