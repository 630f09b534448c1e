"""Walking and rewriting graphs of interned nodes."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

from formula2dgm.ir.arena import Arena, values_of
from formula2dgm.ir.nodes import Node

#: How many nodes a node keeps in their order: a chain of n draws would keep n^2 / 2 of them.
KEPT = 1_000
#: How many nodes are gone over more quickly than those among them that are new are found.
QUICK = 100


def walk(*roots: Node, below: Callable[[Node], Iterable[Node]] | None = None) -> Iterator[Node]:
    """Every node reachable from the roots once, children before parents, in a deterministic order.

    ``below`` gives the children of a node.
    """
    if below is None:
        return iter(order(roots[0]) if len(roots) == 1 else _together(roots))
    return _walk(roots, below)


def order(root: Node) -> tuple[Node, ...]:
    """The nodes of :func:`walk` of one root: found once, and kept by the root where they are not too many."""
    try:
        return root._order
    except AttributeError:
        nodes = tuple(_ordered((root,)))
        if len(nodes) <= KEPT:
            object.__setattr__(root, "_order", nodes)
        return nodes


def _together(roots: tuple[Node, ...]) -> Iterable[Node]:
    """The same of several roots: the first one keeps what was found last, as a program's terms are walked together."""
    if not roots:
        return ()
    kept = getattr(roots[0], "_beside", None)
    if kept is None or kept[0] != roots:
        kept = (roots, tuple(_ordered(roots)))
        object.__setattr__(roots[0], "_beside", kept)
    return kept[1]


def _ordered(roots: Iterable[Node], known: Container[Node] = ()) -> dict[Node, None]:
    """The nodes below several roots, each once; not those that are known, with all that is below them."""
    found: dict[Node, None] = {}
    for root in roots:
        stack = [root]
        while stack:
            node = stack[-1]
            if node in found or node in known:
                stack.pop()
                continue
            children = node.children
            left = [each for each in children if each not in found and each not in known] if children else None
            if left:
                stack += reversed(left)
            else:
                found[stack.pop()] = None
    return found


def kinds(node: Node) -> frozenset[type[Node]]:
    """The classes of the node and of all below it: found once, and kept by each."""
    try:
        return node._kinds
    except AttributeError:
        stack = [node]
        while stack:
            left = [each for each in stack[-1].children if not hasattr(each, "_kinds")]
            if left:
                stack += left
                continue
            last = stack.pop()
            found = frozenset((type(last),)).union(*(child._kinds for child in last.children))
            object.__setattr__(last, "_kinds", found)
        return node._kinds


def has(node: Node, *wanted: type[Node]) -> bool:
    """Is the node, or one below it, of one of these classes?"""
    return any(issubclass(kind, wanted) for kind in kinds(node))


def _walk(roots: Iterable[Node], below: Callable[[Node], Iterable[Node]]) -> Iterator[Node]:
    done: set[Node] = set()
    stack: list[tuple[Node, Iterator[Node]]] = []
    for root in roots:
        stack.append((root, iter(below(root))))
        while stack:
            node, children = stack[-1]
            if node in done:
                stack.pop()
                continue
            child = next((each for each in children if each not in done), None)
            if child is None:
                stack.pop()
                done.add(node)
                yield node
            else:
                stack.append((child, iter(below(child))))


def rewrite(arena: Arena, root: Node, change: Callable[[Node], Node], memo: dict[Node, Node] | None = None) -> Node:
    """The graph with ``change`` applied to every node, children first; provenance is inherited."""
    done: dict[Node, Node] = {} if memo is None else memo
    for node in _left(root, done):
        if node in done:
            continue
        if all(done[each] is each for each in node.children):
            new = node
        else:
            fields = (_replaced(each, done) for each in values_of(node))
            new = arena.inherit(arena.make(type(node), *fields), node)
        done[node] = change(new)
    return done[root]


def _left(root: Node, done: dict[Node, Node]) -> Iterable[Node]:
    """The nodes below a root that are not done, and others that are, where going over these is quicker."""
    known = getattr(root, "_order", ())
    return order(root) if 0 < len(known) <= QUICK or len(done) < QUICK else _ordered((root,), done)


def _replaced(value: object, done: dict[Node, Node]) -> object:
    if isinstance(value, Node):
        return done[value]
    if isinstance(value, tuple):
        new = tuple(_replaced(each, done) for each in value)
        return value if all(a is b for a, b in zip(new, value, strict=True)) else new
    return value


def depends(roots: Iterable[Node], targets: frozenset[Node]) -> bool:
    """Is one of the targets reachable from the roots?"""
    return any(node in targets for node in walk(*roots))
