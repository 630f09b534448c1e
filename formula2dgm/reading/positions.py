r"""Positions: what is drawn or defined and says at which step something is read, ``x_{t_1}`` of ``t_1 ~ U\{1, T\}``.

Whole numbers are drawn by a statement or by the subscript of an expectation; what is defined as a sum with one of them,
``t_2 = t_1 + \delta``, is such a number too.  A variable that is itself drawn or defined at a position,
``q(z_{t_1}|b_{t_1})``, has a name of its own there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from formula2dgm.syntax import tree

#: Families of whole numbers, and those that are one over a set, ``U\{1, T\}``.
WHOLE = frozenset(("DiscreteUniform", "DiscUniform"))
UNIFORM = frozenset(("U", "calU", "Uniform", "Unif"))


def positions_in(nodes: Iterable[tree.Node]) -> frozenset[str]:
    """The names of the whole numbers that a text draws or defines, and reads something at.

    >>> from formula2dgm.syntax import parse_one
    >>> sorted(positions_in([parse_one(r"E_{t ~ U\\{1,T\\}}[||x_t - f(z)||^2]")]))
    ['t']
    """
    nodes = list(nodes)
    found = {name for node in nodes for name in _drawn(node)}
    if not found:
        return frozenset()
    while more := {name for node in nodes for name in _defined(node, found)} - found:
        found |= more
    read = {name for symbol in _symbols(nodes) for item in (*symbol.sub, *symbol.sup) for name in _names(item)}
    read |= {name for node in nodes for name, body in _definitions(node) if name in read for name in _names(body)}
    return frozenset(found & read)


def recurred_along(nodes: Iterable[tree.Node], positions: frozenset[str]) -> frozenset[str]:
    """The positions that are the index of a recurrence too: ``h_t = f(h_{t-1}, x_t)`` beside ``E_{t ~ U}[h_t]``. One
    step of a process, ``q(x_t|x_{t-1})``, is none: only what the text draws of it has values."""
    found: set[str] = set()
    for node in nodes if positions else ():
        if isinstance(node, tree.Chain) and node.relations[0] in ("=", ":="):
            left, *bodies = node.members
            if isinstance(left, tree.Call) and left.given is not None:
                continue
            names = [spelled(each) for each in left.all(tree.Symbol)]
            letters = {letter_of(each) for each in left.all(tree.Symbol) if each.sub}
            for each in _symbols(bodies):
                items = [item for item in (*each.sub, *each.sup) if isinstance(item, tree.Add)]
                if letter_of(each) in letters:
                    found |= {name for item in items for name in _names(item) if name in names}
    return positions & found


def letters_of_their_own(
    nodes: Iterable[tree.Node], positions: frozenset[str], indices: frozenset[str] = frozenset()
) -> frozenset[str]:
    """The letters of the variables that the text itself draws or defines at a position; not of what it defines at every
    step and reads at others too, ``\\bar\\alpha_{t-1}``, or at the ``indices`` of sums and products, ``\\alpha_s``."""
    nodes = list(nodes)
    drawn: set[str] = set()
    defined: dict[str, set[tree.Node]] = {}
    for node in (each for root in nodes for each in root.walk()):
        for each in _bound(node):
            if isinstance(each, tree.Symbol) and (scripts := _scripts(each, positions)):
                if isinstance(node, tree.Chain) and node.relations[0] != "~":
                    defined.setdefault(letter_of(each), set()).update(scripts)
                else:
                    drawn.add(letter_of(each))
    for each in _symbols(nodes):
        letter = letter_of(each)
        if letter in defined and not defined[letter].issuperset(_scripts(each, positions | indices)):
            del defined[letter]
    return frozenset(drawn | defined.keys())


def _scripts(symbol: tree.Symbol, names: frozenset[str]) -> list[tree.Node]:
    """The scripts of a symbol that are such names, or sums with one."""
    return [item for item in (*symbol.sub, *symbol.sup) if reads_position(item, names)]


def reads_position(item: tree.Node, positions: frozenset[str]) -> bool:
    """Is a script one of these positions, or a sum with one: ``t_1``, ``t_1 + 1``?"""
    return not positions.isdisjoint(_names(item))


def letter_of(symbol: tree.Symbol) -> str:
    """A symbol without its scripts."""
    return "_".join([symbol.style + symbol.letter, *symbol.accents])


def spelled(symbol: tree.Symbol) -> str | None:
    """The name of a number: ``t``, ``t_1``, ``\\delta``; None where its scripts are no plain labels."""
    parts = []
    for item in (*symbol.sub, *symbol.sup):
        if isinstance(item, tree.Number):
            parts.append(item.text)
        elif isinstance(item, tree.Symbol) and not item.sub and not item.sup:
            parts.append(letter_of(item))
        else:
            return None
    return "_".join([letter_of(symbol), *parts])


def _names(item: tree.Node) -> Iterator[str]:
    """The names in a sum."""
    match item:
        case tree.Add(terms):
            for each in terms:
                yield from _names(each)
        case tree.Neg(body):
            yield from _names(body)
        case tree.Symbol() if (name := spelled(item)) is not None:
            yield name


def _drawn(root: tree.Node) -> Iterator[str]:
    """The names that are drawn from a family of whole numbers."""
    for node in root.walk():
        match node:
            case tree.Draws(names, density) if _is_whole(density):
                yield from _all_names(names)
            case tree.Chain(members=(*names, density), relations=(*_, "~")) if _is_whole(density):
                yield from _all_names(names)


def _all_names(names: Iterable[tree.Node]) -> Iterator[str]:
    for each in names:
        if isinstance(each, tree.Tuple):
            yield from _all_names(each.items)
        elif isinstance(each, tree.Symbol) and (name := spelled(each)) is not None:
            yield name


def _is_whole(density: tree.Node) -> bool:
    if not isinstance(density, tree.Call) or not isinstance(density.head, tree.Symbol):
        return False
    name = density.head.style + density.head.letter
    return name in WHOLE or (name in UNIFORM and whole_set(density) is not None)


def whole_set(call: tree.Call) -> tree.SetOf | None:
    r"""The set of ``U\{1, T\}``."""
    over = call.params or call.given or call.args
    return over[0] if len(over) == 1 and isinstance(over[0], tree.SetOf) else None


def last_number(call: tree.Call) -> tree.Node | None:
    """The greatest of the whole numbers that a family draws, where it is written; None for any other family."""
    if not isinstance(call.head, tree.Symbol) or not _is_whole(call):
        return None
    own = whole_set(call)
    return own.items[-1] if own is not None else (call.params or call.given or call.args)[-1]


def _definitions(root: tree.Node) -> Iterator[tuple[str, tree.Node]]:
    if isinstance(root, tree.Chain) and set(root.relations) <= {"=", ":="} and isinstance(root.members[0], tree.Symbol):
        name = spelled(root.members[0])
        if name is not None:
            yield name, root.members[-1]


def _defined(root: tree.Node, positions: set[str]) -> Iterator[str]:
    for name, body in _definitions(root):
        if not positions.isdisjoint(_names(body)):
            yield name


def _bound(node: tree.Node) -> tuple[tree.Node, ...]:
    """What a node draws or defines."""
    match node:
        case tree.Expect(binders):
            calls = [each.args for each in binders if isinstance(each, tree.Call)]
            names = [each.names for each in binders if isinstance(each, tree.Draws)]
            products = [each.factors for each in binders if isinstance(each, tree.Mul)]
            inside = [each.args for group in products for each in group if isinstance(each, tree.Call)]
            return tuple(each for group in (*calls, *names, *inside) for each in group)
        case tree.Divergence(left=left, right=right):
            calls = [each.args for side in (left, right) for each in side.all(tree.Call)]
            return tuple(each for group in calls for each in group)
        case tree.Chain(members=members, relations=relations) if relations[0] in ("=", ":=", "~"):
            return members[:1]
    return ()


def _symbols(nodes: Iterable[tree.Node]) -> Iterator[tree.Symbol]:
    return (each for root in nodes for each in root.all(tree.Symbol))
