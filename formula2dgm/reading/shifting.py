"""An index that is counted from another place: ``x_{t+1}`` as ``x_t``, and ``x_t`` as ``x_{t-1}``."""

from __future__ import annotations

from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def shifted(node: tree.Node, index: str, by: int) -> tree.Node:
    """The node with ``index + by`` for the index, whole numbers in a sum added up.

    >>> from formula2dgm.syntax import parse_one
    >>> print(shifted(parse_one("q(x_t|x_{t+1}, x_0)"), "t", -1))
    q(x_{t-1}|x_t, x_0)
    """
    if plain(node) == index:
        return plus(node, by)
    made = map_children(node, lambda each: shifted(each, index, by))
    if isinstance(made, tree.Add) and made is not node:
        return _tidy(made)
    return made


def put(node: tree.Node, index: str, value: tree.Node) -> tree.Node:
    """The node with another one in place of the index, whole numbers in a sum added up."""
    if plain(node) == index:
        return value
    made = map_children(node, lambda each: put(each, index, value))
    return _tidy(made) if isinstance(made, tree.Add) and made is not node else made


def offset(node: tree.Node, index: str) -> int | None:
    """The c of ``index + c``; None of anything else."""
    if plain(node) == index:
        return 0
    if isinstance(node, tree.Add) and len(node.terms) == 2 and plain(node.terms[0]) == index:
        return _whole(node.terms[1])
    return None


def plus(node: tree.Node, by: int) -> tree.Node:
    """``node + by``."""
    return _tidy(tree.Add((node, *([_number(by, node)] if by else [])), span=node.span))


def _number(value: int, at: tree.Node) -> tree.Node:
    size = tree.Number(str(abs(value)), span=at.span)
    return tree.Neg(size, span=at.span) if value < 0 else size


def counts_by(node: tree.Node, index: str) -> bool:
    """Does anything in it count by the index, or draw it?"""
    for each in node.walk():
        names = [] if not isinstance(each, tree.Big | tree.Expect) else list(each.binders)
        found = [_counted(binder) for binder in names]
        drawn = [name for binder in names if isinstance(binder, tree.Draws) for name in binder.names]
        if any(plain(name) == index for name in (*found, *drawn)):
            return True
    return False


def _counted(binder: tree.Node) -> tree.Node:
    """t of ``t=1`` and of ``t > 1``."""
    match binder:
        case tree.Binds(name) | tree.Relates(name):
            return name
    return binder


def _tidy(node: tree.Add) -> tree.Node:
    """A sum of sums as one, its whole numbers as one at the end."""
    terms = [each for term in node.terms for each in (term.terms if isinstance(term, tree.Add) else (term,))]
    numbers = [found for each in terms if (found := _whole(each)) is not None]
    return _sum([each for each in terms if _whole(each) is None], sum(numbers), node)


def _sum(terms: list[tree.Node], number: int, at: tree.Node) -> tree.Node:
    last = [] if number == 0 and terms else [_number(number, at)]
    all_terms = (*terms, *last)
    return all_terms[0] if len(all_terms) == 1 else tree.Add(all_terms, span=at.span)


def _whole(node: tree.Node) -> int | None:
    if isinstance(node, tree.Number):
        return int(node.text) if node.text.isdigit() else None
    inner = _whole(node.body) if isinstance(node, tree.Neg) else None
    return None if inner is None else -inner
