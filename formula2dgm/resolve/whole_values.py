r"""A variable whose entries are read before one of them is all of its entries where it has no index: in ``p(x) = \prod_i
p(x_i|x_{<i})`` x is ``x_{1:D}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

#: A letter with its style and accents.
Letter = tuple[str, str, tuple[str, ...]]


def write_wholes(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such variables as ranges.

    >>> from formula2dgm.syntax import parse
    >>> statements = parse(r"p(x) = \\prod_{i=1}^D p(x_i|x_{<i})")[0]
    >>> str(write_wholes(statements)[0][0])
    'p(x_{1:D}) = prod_{i=1}^D p(x_i|x_{<i})'
    """
    bodies = [each.body for each in statements]
    bounds = dict(read_before(bodies))
    if not bounds:
        return list(statements), []
    changed = [replace(each, body=_written(each.body, bounds)) for each in statements]
    notes = [
        Note(f"{letter} is {letter}_{{1:{upper}}}, all of its entries", statement.span)
        for (_, letter, _), upper in bounds.items()
        for statement in [next((one for one, two in zip(statements, changed, strict=True) if one != two), None)]
        if statement is not None
    ]
    return changed, notes


def read_before(roots: Sequence[tree.Node]) -> Iterator[tuple[Letter, tree.Node]]:
    """The letters read at ``<i`` or ``1:i-1``, with what the index of the sum or product over them runs to."""
    nodes = [each for root in roots for each in root.walk()]
    uppers: dict[str, tree.Node | None] = {}
    for big in nodes:
        if isinstance(big, tree.Big):
            for name, upper in binder_names(big):
                uppers[name] = uppers.get(name) or upper
    for each in nodes:
        if isinstance(each, tree.Symbol) and len(each.sub) == 1 and not each.sup:
            index = next((name for name in ends_of(each.sub[0]) if name in uppers), None)
            if index is not None:
                yield (each.style, each.letter, each.accents), uppers[index] or tree.Symbol("T", span=each.span)


def ends_of(item: tree.Node) -> Iterator[str]:
    """The names in the ends of a range: i of ``<i``, ``1:i-1`` and ``i+1:D``."""
    ends = {tree.OpenRange: ("bound",), tree.Range: ("lower", "upper")}.get(type(item), ())
    for end in (getattr(item, each) for each in ends):
        yield from (name for each in end.walk() if (name := plain(each)) is not None)


def _written(node: tree.Node, bounds: dict[Letter, tree.Node]) -> tree.Node:
    match node:
        case tree.Symbol(sub=(), sup=()):
            upper = bounds.get((node.style, node.letter, node.accents))
            if upper is None:
                return node
            whole = tree.Range(tree.Number("1", span=node.span), upper.placed(node.span), span=node.span)
            return replace(node, sub=(whole,))
        case tree.Symbol():
            return node
        case tree.Chain(relations=("in", *_)):
            return node
    kept: tuple[tree.Node, ...] = ()
    if isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol):
        kept = (node.head,)
    elif isinstance(node, tree.Expect):
        kept = tuple(each for each in node.binders if isinstance(each, tree.Symbol))
    return map_children(node, lambda each: each if any(each is own for own in kept) else _written(each, bounds))
