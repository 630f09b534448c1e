r"""A variable of which the entries before one are read is all of its entries where it has no index.

In ``p(x) = \prod_{i=1}^D p(x_i|x_{<i})`` x is ``x_{1:D}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.shifting import offset
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree

#: A letter with its style and accents.
Letter = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Wholes:
    """What variables without an index of their entries stand for.

    bounds  by letter, what the index of its entries runs to
    others  the indices of all other sums and products: ``x^{(n)}`` is all entries of an example
    """

    bounds: dict[Letter, tree.Node]
    others: frozenset[str]


def write_wholes(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such variables as ranges.

    >>> from formula2dgm.syntax import parse
    >>> statements = parse(r"p(x) = \\prod_{i=1}^D p(x_i|x_{<i})")[0]
    >>> str(write_wholes(statements)[0][0])
    'p(x_{1:D}) = prod_{i=1}^D p(x_i|x_{<i})'
    """
    statements = _counted(statements)
    wholes = _wholes([each.body for each in statements])
    if not wholes.bounds:
        return list(statements), []
    changed = [each.with_body(_written(_opened(each.body, wholes), wholes)) for each in statements]
    first = next((one for one, two in zip(statements, changed, strict=True) if one != two), None)
    if first is None:
        return changed, []
    notes = [
        Note(f"{letter} is {letter}_{{1:{upper}}}, all of its entries", first.span)
        for (_, letter, _), upper in wholes.bounds.items()
    ]
    return changed, notes


def _counted(statements: Sequence[tree.Statement]) -> Sequence[tree.Statement]:
    """The statements with a name for a number of entries: ``\\prod_{i=1}^{16}`` as one to D, which is 16."""
    uppers = {str(each): each for each in _wholes([each.body for each in statements]).bounds.values()}
    used = {each.letter for one in statements for each in one.body.all(tree.Symbol)}
    letter = next((each for each in "DNLKM" if each not in used), None)
    if len(uppers) != 1 or letter is None or not isinstance(number := next(iter(uppers.values())), tree.Number):
        return statements
    name = tree.Symbol(letter, span=number.span)

    def named(node: tree.Node) -> tree.Node:
        node = map_children(node, named)
        if isinstance(node, tree.Big | tree.Range) and node.upper == number:
            return replace(node, upper=name)
        return node

    known = tree.Statement(tree.Chain((name, number), ("=",), span=number.span), span=number.span)
    return [*(each.with_body(named(each.body)) for each in statements), known]


def _wholes(roots: Sequence[tree.Node]) -> Wholes:
    """The letters read at ``<i`` or ``1:i-1``, where a sum or a product runs over i."""
    nodes = [each for root in roots for each in root.walk()]
    uppers: dict[str, tree.Node | None] = {}
    for big in nodes:
        if isinstance(big, tree.Big):
            for name, upper in binder_names(big):
                uppers[name] = uppers.get(name) or upper
    bounds: dict[Letter, tree.Node] = {}
    found: set[str] = set()
    for each in nodes:
        if isinstance(each, tree.Symbol):
            index = next((name for item in each.sub for name in ends_of(item) if name in uppers), None)
            if index is not None:
                found.add(index)
                bounds[each.style, each.letter, each.accents] = uppers[index] or tree.Symbol("T", span=each.span)
    return Wholes(bounds, frozenset(uppers.keys() - found))


def ends_of(item: tree.Node) -> Iterator[str]:
    """The names in the ends of a range: i of ``<i``, ``1:i-1`` and ``i+1:D``."""
    ends = {tree.OpenRange: ("bound",), tree.Range: ("lower", "upper")}.get(type(item), ())
    for end in (getattr(item, each) for each in ends):
        yield from (name for each in end.walk() if (name := plain(each)) is not None)


def _opened(node: tree.Node, wholes: Wholes) -> tree.Node:
    """``x_{i+1:D}``, where i runs to D, as ``x_{>i}``."""
    node = map_children(node, lambda each: _opened(each, wholes))
    if isinstance(node, tree.Symbol) and len(node.sub) == 1 and isinstance(item := node.sub[0], tree.Range):
        upper = wholes.bounds.get((node.style, node.letter, node.accents))
        first = item.lower.terms[0] if isinstance(item.lower, tree.Add) else None
        if first is not None and upper == item.upper and offset(item.lower, plain(first) or "") == 1:
            return replace(node, sub=(tree.OpenRange(">", first, span=item.span),))
    return node


def _written(node: tree.Node, wholes: Wholes) -> tree.Node:
    if isinstance(node, tree.Symbol):
        upper = wholes.bounds.get((node.style, node.letter, node.accents))
        if upper is None or any(plain(each) not in wholes.others for each in (*node.sub, *node.sup)):
            return node
        whole = tree.Range(tree.Number("1", span=node.span), upper.placed(node.span), span=node.span)
        return replace(node, sub=(*node.sub, whole))
    if isinstance(node, tree.Chain) and node.relations[0] == "in":
        return node
    kept: tuple[tree.Node, ...] = ()
    if isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol):
        kept = (node.head,)
    elif isinstance(node, tree.Expect):
        kept = tuple(each for each in node.binders if isinstance(each, tree.Symbol))
    return map_children(node, lambda each: each if any(each is own for own in kept) else _written(each, wholes))
