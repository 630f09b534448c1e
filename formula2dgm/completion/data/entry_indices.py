r"""Two indices of one value: ``z_{b,i}`` is entry i of example b, ``z^j`` under a variance is entry j.

``[z_b]_i`` is what all of these become. Of a matrix that a text makes of vectors, ``C = \sum_b u_b v_b^\top``,
the entry ``[C]_{ij}`` is ``\sum_b [u_b]_i [v_b]_j``. The index beside that of an entry counts the examples of the
batch; what a sum over entries runs to, d, is how many the vector has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from formula2dgm.completion.data.batch_names import batch_name
from formula2dgm.completion.data.batches_of_vectors import name_batches
from formula2dgm.completion.names.matrix_entries import is_outer, matrix_entry
from formula2dgm.completion.names.of_examples import SIZE, OfExample
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

#: What papers call the number of entries of a vector.
_DIMENSIONS = frozenset(("d", "D"))
_DEFINES = frozenset(("=", ":="))
#: Letters that count steps, not entries.
_STEPS = frozenset("st")


def name_entries(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with entries of vectors as such, ``[z_b]_i``, and what was decided; ``keys`` are what is bound."""
    statements, notes = name_batches(statements, keys)
    if not any(True for each in statements for _ in _bound(each.body)):
        return statements, notes  # no index of a sum, no entry at one
    text = _Vectors.of(statements, keys)
    return [each.with_body(_named(each.body, text, notes)) for each in statements], notes


@dataclass(slots=True)
class _Vectors:
    """What a text computes, by name without indices, and the indices that its sums bind."""

    indices: set[str] = field(default_factory=set)
    computed: set[tree.Symbol] = field(default_factory=set)

    @classmethod
    def of(cls, statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> _Vectors:
        found = cls({name for each in statements for name in _bound(each.body)})
        if not found.indices:
            return found
        apart: set[tree.Symbol] = {each for each in keys if isinstance(each, tree.Symbol)}
        for each in statements:
            match each.body:
                case tree.Chain(members=(tree.Symbol() as left, *_, right), relations=(relation, *_)):
                    stem, own = _split(left, found.indices)
                    called = any(isinstance(part, tree.Call) for part in right.walk())
                    if len(own) > 1:
                        apart.add(stem)
                    elif relation in _DEFINES and called and not any(_is_sum(part) for part in right.walk()):
                        found.computed.add(stem)
        found.computed -= apart
        read = {each: _split(each, found.indices) for one in statements for each in one.body.all(tree.Symbol)}
        pairs = {(str(own[0]), str(own[1])) for stem, own in read.values() if len(own) == 2 and stem in found.computed}
        beside = {stem for stem, own in read.values() if tuple(map(str, own)) in pairs}
        found.computed |= beside - apart
        return found


def _bound(body: tree.Node) -> Iterator[str]:
    for each in body.walk():
        if isinstance(each, tree.Big) and each.op in ("sum", "prod"):
            yield from (name for name, _ in binder_names(each) if len(name) == 1 and name not in _STEPS)


def _is_sum(node: tree.Node) -> bool:
    return isinstance(node, tree.Big)


def _split(symbol: tree.Symbol, indices: set[str]) -> tuple[tree.Symbol, list[tree.Node]]:
    """A name without its indices, and these: those below it, in order, behind one above it."""
    below = [part for each in symbol.sub for part in _letters(each, indices)]
    above = [each for each in symbol.sup if plain(each) in indices]
    own = [each for each in (*above, *below) if plain(each) in indices]
    kept = tuple(each for each in below if plain(each) not in indices)
    return replace(symbol, sub=kept, sup=tuple(each for each in symbol.sup if each not in above)), own


def _letters(item: tree.Node, indices: set[str]) -> tuple[tree.Node, ...]:
    """The two indices of one word, ``z_bi``, or side by side, ``z_{bi}``; anything else is itself."""
    if isinstance(item, tree.Mul) and len(item.factors) == 2 and {plain(each) for each in item.factors} <= indices:
        return item.factors
    word = plain(item) or ""
    if len(word) == 2 and set(word) <= indices and word not in indices:
        return tuple(tree.Symbol(each, span=item.span) for each in word)
    return (item,)


def _named(node: tree.Node, text: _Vectors, notes: list[Note]) -> tree.Node:
    """The tree with entries in place of values at two indices, and of powers whose variance is taken."""
    match node:
        case tree.Symbol():
            stem, own = _split(node, text.indices)
            if len(own) == 2 and stem in text.computed:
                example, entry = own
                notes.append(Note(f"{node} is the entry {entry} of {stem} of the example {example}", node.span))
                return tree.Indexed(replace(stem, sub=(*stem.sub, example), span=node.span), (entry,), span=node.span)
            return node
        case tree.Indexed(body, index):
            split = tuple(part for each in index for part in _letters(each, text.indices))
            return replace(node, body=_named(body, text, notes), index=split)
        case tree.Func("var" | "std", (inside,)):
            if (found := _one_entry(inside, text)) is not None:
                notes.append(Note(f"{inside} is the entry {found.index[0]} of {found.body}", inside.span))
                return replace(node, args=(found,))
    return map_children(node, lambda each: _named(each, text, notes))


def _one_entry(node: tree.Node, text: _Vectors) -> tree.Indexed | None:
    """``z^j`` and ``z_j`` whose variance over the examples is taken."""
    match node:
        case tree.Power(tree.Symbol() as stem, tree.Symbol() as index) if plain(index) in text.indices:
            return tree.Indexed(stem, (index,), span=node.span)
        case tree.Symbol():
            stem, own = _split(node, text.indices)
            if len(own) == 1:
                return tree.Indexed(stem, (own[0],), span=node.span)
    return None


# -- once the calls of what the text defines are written out ---------------------------------------------


def write_entries(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with entries of matrices as sums over entries of vectors, and with what sums over entries and over
    the examples beside them run to."""
    statements, notes = list(statements), list[Note]()
    text = _Vectors.of(statements, keys)
    if text.indices:
        statements = [each.with_body(_named(each.body, text, notes)) for each in statements]
    parts = (each for one in statements for each in one.body.all(tree.Indexed, tree.Chain))
    if not any(_is_entry(each) or _is_matrix(each) for each in parts):
        return statements, notes
    told = {str(each.body.members[0]) for each in statements if isinstance(each.body, tree.Chain)}
    told |= {str(each) for each in keys}
    statements = _without_matrices(statements, text.indices)
    statements = [each.with_body(_sized(each.body, told, notes)) for each in statements]
    return _batched(statements, keys, told, notes), notes


def _is_matrix(node: tree.Node) -> bool:
    return isinstance(node, tree.Chain) and len(node.members) == 2 and is_outer(node.members[1])


def _without_matrices(statements: list[tree.Statement], indices: set[str]) -> list[tree.Statement]:
    """Entries of matrices written out; what defines a matrix is left out once all of its uses are entries."""
    matrices: dict[tree.Node, tree.Node] = {}
    for each in statements:
        match each.body:
            case tree.Chain(members=(tree.Symbol() as name, right), relations=("=" | ":=",)) if is_outer(right):
                matrices[name] = right

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        match node:
            case tree.Indexed(body, (first, second)):
                found = matrix_entry(matrices.get(body, body), first, second, indices)
                return node if found is None else found
            case tree.Symbol():
                stem, own = _split(node, indices)
                if len(own) == 2 and stem in matrices:
                    return matrix_entry(matrices[stem], own[0], own[1], indices) or node
        return node

    kept = [each for each in statements if not (_is_matrix(each.body) and each.body.members[0] in matrices)]  # type: ignore[attr-defined]
    out = [each.with_body(written(each.body)) for each in kept]
    left = {each for one in out for each in one.body.walk()} & matrices.keys()
    return [*out, *(each for each in statements if _is_matrix(each.body) and each.body.members[0] in left)]  # type: ignore[attr-defined]


def _sized(body: tree.Node, told: set[str], notes: list[Note]) -> tree.Node:
    """The statement with d as the number of entries that a vector has, where nothing says what d is."""
    mine = [each for each in body.all(tree.Big) if _entry_of(each) is not None]
    if not mine:
        return body
    uppers = {upper for each in mine for _, upper in binder_names(each)}
    sizes = {each for each in uppers if isinstance(each, tree.Symbol) and str(each) not in told}
    indices = {name for each in body.all(tree.Big) for name, _ in binder_names(each)}
    sizes |= {each for each in _values(body) if str(each) in _DIMENSIONS - told - indices}
    if not sizes:
        return body
    vector = _entry_of(mine[0])
    assert vector is not None
    listed = " and ".join(sorted(map(str, sizes)))
    notes.append(Note(f"{listed} is the number of entries of {vector}", mine[0].span))

    return _with_size(body, sizes, vector)


def _with_size(node: tree.Node, sizes: set[tree.Symbol], vector: tree.Node) -> tree.Node:
    """The tree with the number of entries; in front of a sum over entries it is that of the vector there."""
    if isinstance(node, tree.Symbol):
        return tree.Func(SIZE, (vector,), span=node.span) if node in sizes else node
    if isinstance(node, tree.Mul):
        sums = [each for each in node.factors if isinstance(each, tree.Big)]
        vector = next((found for each in sums if (found := _entry_of(each)) is not None), vector)
    if isinstance(node, tree.Big) and node.upper in sizes and _entry_of(node) is not None:
        bare = tuple(each.name if isinstance(each, tree.Binds) else each for each in node.binders)
        node = replace(node, binders=bare, upper=None)
    made = map_children(node, lambda each: _with_size(each, sizes, vector))
    return replace(made, head=node.head) if isinstance(node, tree.Call) and isinstance(made, tree.Call) else made


def _values(node: tree.Node) -> Iterator[tree.Symbol]:
    """The names that stand for values: no labels, no indices, no functions."""
    if isinstance(node, tree.Symbol):
        yield node
        return
    for each in node.children:
        if not (isinstance(node, tree.Call) and each is node.head):
            yield from _values(each)


def _is_entry(node: tree.Node) -> bool:
    """Is this an entry of a vector, and not the value of another example?"""
    return isinstance(node, tree.Indexed) and not isinstance(node, OfExample)


def _entry_of(big: tree.Big) -> tree.Node | None:
    """The vector whose entries the index of a sum reads; None for any other sum."""
    names = {name for name, _ in binder_names(big)}
    entries = (each for each in big.body.all(tree.Indexed) if _is_entry(each))
    return next((each.body for each in entries if names & {plain(at) for at in each.index}), None)


def _batched(
    statements: list[tree.Statement], keys: Sequence[tree.Node], told: set[str], notes: list[Note]
) -> list[tree.Statement]:
    """Sums over the examples beside an entry run over the batch, whatever their number is called."""
    bodies = [each.body for each in statements]
    sums = [each for body in bodies for each in body.all(tree.Big) if _counts(each)]
    if not sums:
        return statements
    uppers = {each.upper for each in sums if each.upper is not None and str(each.upper) not in told}
    size = batch_name(statements, keys, uppers)
    called = ", ".join(sorted(str(each) for each in uppers if each != size))
    said = f"{called} is the number of the examples of the batch, " if called else ""
    index = next(iter(_examples(sums[0])))
    notes.append(Note(f"{said}sums over {index} run over the batch", sums[0].span))

    def written(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Symbol) and node in uppers:
            return size
        made = map_children(node, written)
        if isinstance(node, tree.Big) and isinstance(made, tree.Big) and _counts(node) and node.upper is None:
            one = tree.Number("1", span=node.span)
            binders = tuple(
                tree.Binds(each, one, span=each.span) if isinstance(each, tree.Symbol) else each
                for each in made.binders
            )
            return replace(made, binders=binders, upper=size)
        return made

    return [each.with_body(written(each.body)) for each in statements]


def _counts(big: tree.Big) -> bool:
    return big.op == "sum" and bool(_examples(big))


def _examples(big: tree.Big) -> dict[str, None]:
    """The indices of a sum at which a vector is read of which entries are taken from outside the sum."""
    names = {name for name, _ in binder_names(big)}
    found: dict[str, None] = {}
    for each in _free_entries(big.body, set()):
        symbols = each.body.all(tree.Symbol)
        found |= dict.fromkeys(text for part in symbols for at in part.sub if (text := plain(at)) in names and text)
    return found


def _free_entries(node: tree.Node, bound: set[str]) -> Iterator[tree.Indexed]:
    """The entries at indices that no sum in the tree binds."""
    if isinstance(node, tree.Big):
        bound = bound | {name for name, _ in binder_names(node)}
    if isinstance(node, tree.Indexed) and _is_entry(node) and not bound & {plain(at) for at in node.index}:
        yield node
    for each in node.children:
        yield from _free_entries(each, bound)
