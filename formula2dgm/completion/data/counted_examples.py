r"""What a text leaves unwritten of the indices that count examples: what sums over them run to, and the mean over one.

``-E[\log \frac{\exp f(x_i, y_i)}{\sum_j \exp f(x_i, y_j)}]`` is ``\frac1B \sum_{i=1}^B -E[\log \frac{\exp f(x_i, y_i)}
{\sum_{j=1}^B \exp f(x_i, y_j)}]``, B the size of the batch: the index that nothing binds is the present example's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.completion.data.example_indices import SIZES, Counted, counted_in, index_of, is_computed
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names, find_indices
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.scopes import Names, occurs_free
from formula2dgm.syntax import tree


def count_examples(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such sums and means written out, and what was decided; ``keys`` are what is bound."""
    bodies = [each.body for each in statements]
    counted = counted_in(bodies, keys)
    if not counted.names and not counted.sizes:
        return list(statements), []
    names = Names.of(bodies, find_indices(bodies)[0].widened(counted.names))
    if not any(_is_open(body, counted, names) for body in filter(is_computed, bodies)):
        return list(statements), []
    size = _size(bodies, keys, counted)
    notes: list[Note] = []
    out = []
    for each in statements:
        body = _bounded(each.body, counted, size) if is_computed(each.body) else each.body
        body = _averaged(body, counted, size, names, notes) if is_computed(each.body) else body
        out.append(each.with_body(body) if body != each.body else each)
    return out, [
        Note(f"{_listed(counted)} the examples of the batch, of which there are {size}", bodies[0].span),
        *notes,
    ]


def _listed(counted: Counted) -> str:
    *most, last = sorted(counted.names)
    return f"{', '.join(most)} and {last} count" if most else f"{last} counts"


def _is_open(body: tree.Node, counted: Counted, names: Names) -> bool:
    """Is something left unwritten: what a sum over the examples runs to, their number, a sum?"""
    sums = list(body.all(tree.Big))
    unbounded = any(_counts(each, counted.names) and each.upper is None for each in sums)
    return unbounded or bool(counted.sizes) or bool(_free(body, counted.names, names))


def _counts(big: tree.Big, counted: set[str]) -> bool:
    """Does a sum that says no more than its indices run over the examples?"""
    bound = [each for each in big.binders if isinstance(each, tree.Symbol)]
    bare = 0 < len(bound) == len(big.binders)
    return big.op in ("sum", "prod") and bare and {plain(each) for each in bound} <= counted


def _free(body: tree.Node, counted: set[str], names: Names) -> list[str]:
    """The indices of examples that nothing in a statement binds; those on the left of a definition are its own."""
    left: set[str | None] = set()
    if isinstance(body, tree.Chain):
        left = {plain(each) for each in body.members[0].walk()}
        body = body.members[-1]
    found = (
        each for each in sorted(counted - left) if occurs_free(_outside_pairs(body, each), frozenset((each,)), names)
    )
    return list(found)


def _outside_pairs(node: tree.Node, index: str) -> tree.Node:
    """The tree without sums over pairs, ``\\sum_{i \\ne j}``, which bind the second index where nothing else does."""
    if isinstance(node, tree.Big) and any(isinstance(each, tree.Relates) for each in node.binders):
        if index in dict(binder_names(node)):
            return tree.Number("0", span=node.span)
    return map_children(node, lambda each: _outside_pairs(each, index))


def _size(bodies: Sequence[tree.Node], keys: Sequence[tree.Node], counted: Counted) -> tree.Symbol:
    """What the text calls the number of the examples: what a sum over them runs to, a size beside it, or B."""
    nodes = [each for body in bodies for each in body.walk()]
    sums = [each for each in nodes if isinstance(each, tree.Big)]
    uppers = [upper for each in sums for name, upper in binder_names(each) if name in counted.names]
    for upper in uppers:
        if isinstance(upper, tree.Symbol) and str(upper) not in counted.sizes:
            return upper
    told = {str(each.members[0]) for each in bodies if isinstance(each, tree.Chain)} | {str(each) for each in keys}
    free = [each for each in nodes if isinstance(each, tree.Symbol) and str(each) in {*SIZES} - told - counted.sizes]
    if free:
        return min(free, key=lambda each: SIZES.index(str(each)))
    taken = {str(each) for each in nodes} | told
    return tree.Symbol(next((each for each in ("B", *SIZES) if each not in taken), "B"), span=bodies[0].span)


def _bounded(node: tree.Node, counted: Counted, size: tree.Symbol) -> tree.Node:
    """The tree with sums over the examples that run to their number, by one name."""
    if isinstance(node, tree.Symbol) and str(node) in counted.sizes:
        return size
    node = map_children(node, lambda each: _bounded(each, counted, size))
    if not isinstance(node, tree.Big) or not _counts(node, counted.names) or node.upper is not None:
        return node
    one = tree.Number("1", span=node.span)
    return replace(node, binders=tuple(tree.Binds(each, one, span=each.span) for each in node.binders), upper=size)


# -- the present example ---------------------------------------------------------------------------------


def _averaged(body: tree.Node, counted: Counted, size: tree.Symbol, names: Names, notes: list[Note]) -> tree.Node:
    """The statement with what it says of the present example averaged over the examples."""
    free = _free(body, counted.names, names)
    if not free:
        return body
    if len(free) > 1:
        message = f"{' and '.join(free)} both stand for an example here, and nothing says which pairs are meant"
        hint = f"write a sum over the pairs, \\sum_{{{free[0]}}} \\sum_{{{free[1]}}}, or name the partner x'_{free[0]}"
        raise FormulaError(Diagnostic("F2D-0485", "error", message, body.span, hint))
    named = body.members[0] if isinstance(body, tree.Chain) else None
    what = str(named) if isinstance(named, tree.Symbol) else "the objective"
    notes.append(Note(f"{free[0]} is the present example, over which {what} is averaged", body.span))

    def mean(node: tree.Node) -> tree.Node:
        match node:
            case _ if not occurs_free(node, frozenset(free), names):
                return node
            case tree.Chain():
                return replace(node, members=(*node.members[:-1], mean(node.members[-1])))
            case tree.Optimise() | tree.Neg() | tree.Labelled():
                return replace(node, body=mean(node.body))
            case tree.Add():
                return replace(node, terms=tuple(map(mean, node.terms)))
        span, one = node.span, tree.Number("1", span=node.span)
        binder = tree.Binds(tree.Symbol(free[0], span=span), one, span=span)
        total = tree.Big("sum", (binder,), size, _without_draws(node, free[0]), False, span=span)
        return tree.Mul((tree.Div(one, size, span=span), total), ("",), span=span)

    return mean(body)


def _without_draws(node: tree.Node, index: str) -> tree.Node:
    """The tree without draws of data at the index, ``(x_i, y_i) ~ p(x, y)``: they are what the batch holds."""
    node = map_children(node, lambda each: _without_draws(each, index))
    if not isinstance(node, tree.Expect):
        return node
    kept = (
        each
        for each in node.binders
        if not isinstance(each, tree.Draws) or any(index_of(name) != index for name in each.names)
    )
    return replace(node, binders=tuple(kept))
