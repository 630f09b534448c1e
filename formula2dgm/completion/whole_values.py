r"""A variable of which the entries before one are read is all of its entries where it has no index.

In ``p(x) = \prod_{i=1}^D p(x_i|x_{<i})`` x is ``x_{1:D}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
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
    wholes = _wholes([each.body for each in statements])
    if not wholes.bounds:
        return list(statements), []
    changed = [replace(each, body=_written(each.body, wholes)) for each in statements]
    first = next((one for one, two in zip(statements, changed, strict=True) if one != two), None)
    if first is None:
        return changed, []
    notes = [
        Note(f"{letter} is {letter}_{{1:{upper}}}, all of its entries", first.span)
        for (_, letter, _), upper in wholes.bounds.items()
    ]
    return changed, notes


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
