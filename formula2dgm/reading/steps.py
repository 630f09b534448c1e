"""Steps: the indices along which a text moves, and the variables that it reads at several of their steps.

``h_t = f(h_{t-1}, x_t)`` moves along t, though no sum is over it. Then ``h_0``, ``h_1`` and ``h_T`` are h at one step
each. A variable that a density is over at any step, and given at one, ``q(x_t | x_0)``, is another one at that step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from formula2dgm.reading.names import Indices, Place, plain, scripts
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

#: Letters of indices along which a text may move.
STEP_LETTERS = INDEX_LETTERS | {"tau"}

_RESTRICTS = frozenset({"<", "<=", ">", ">=", "in"})


def steps_moved_along(nodes: Iterable[tree.Node], known: frozenset[str] | None = None) -> frozenset[str]:
    """The names at whose neighbours something is read, ``z_{t-1}``, ``x_{<t}``, and that are no values themselves.

    A name that is only stepped from, ``log p(x_t|x_{t+1})``, has to be ``known``: a sum or a definition
    runs along it.

    >>> from formula2dgm.syntax import parse_one
    >>> sorted(steps_moved_along([parse_one("h_t = f_tau(h_{t-1}, x_t)")]))
    ['t']
    >>> sorted(steps_moved_along([parse_one("||x_t - f(x_{t-1}, t)||^2")]))
    []
    """
    nodes = list(nodes)
    items = [item for symbol in _symbols(nodes) for _, item in scripts(symbol)]
    moved = {
        name
        for item in items
        if (name := _moved(item)) is not None and (known is None or name in known or not isinstance(item, tree.Add))
    }
    return frozenset(moved - set(values(nodes))) if moved else frozenset()


def along_steps(
    nodes: Iterable[tree.Node],
    names: frozenset[str],
    bounds: Mapping[str, tree.Node],
    lasts: Mapping[str, tuple[tree.Symbol, ...]],
) -> Indices:
    """The indices ``names``, with the places where the scripts of a variable are steps, and the names of last steps:
    those of ranges and sums, and ``lasts``, by their indices."""
    nodes = list(nodes)
    symbols = list(_symbols(nodes))
    items = [(symbol, place, item) for symbol in symbols for place, item in scripts(symbol)]
    times = {name for *_, item in items if (name := _moved(item)) in names}
    times |= {"t"} & names - set(values(nodes))
    places = {(_letter(symbol), place) for symbol, place, item in items if step_of(item) in times}
    if not places:
        return Indices(names)
    ends = [item.upper for *_, item in items if isinstance(item, tree.Range)]
    last = {text for each in (*ends, *bounds.values()) for node in each.walk() if (text := plain(node)) is not None}
    last = {each for each in last if each.isupper() and len(each) == 1}
    last |= {name for symbols in lasts.values() for each in symbols if (name := plain(each)) is not None}
    return Indices(names, frozenset(places), frozenset(last | {"T"}), _labelled_by_number(nodes, times))


def _labelled_by_number(nodes: Iterable[tree.Node], times: set[str]) -> frozenset[tuple[str, Place, str]]:
    """The numbers at which a density is given a variable that it is over at any step, ``x_0`` of ``q(x_t|x_0)``, or at
    all later ones, and those at which it is data, ``x_0 \\sim p_{data}``: with the letters and places, where they are
    names of variables of their own."""
    found: set[tuple[str, Place, str]] = set()
    for node in (each for root in nodes for each in root.walk()):
        if isinstance(node, tree.Call):
            found |= set(given_before(node))
            arguments = [each for each in (*node.args, *(node.given or ())) if isinstance(each, tree.Symbol)]
            items = [(_letter(each), place, item) for each in arguments for place, item in scripts(each)]
            stepped = {(letter, place) for letter, place, item in items if step_of(item) in times}
            numbered = [(letter, place, item.text) for letter, place, item in items if isinstance(item, tree.Number)]
            found |= {each for each in numbered if each[:2] in stepped}
        elif isinstance(node, tree.Chain) and node.relations == ("~",) and isinstance(node.members[1], tree.Symbol):
            found |= set(_numbered(node.members[0]))
        elif isinstance(node, tree.Draws) and isinstance(node.density, tree.Symbol):
            found |= {each for name in node.names for each in _numbered(name)}
    return frozenset(found)


def given_before(call: tree.Call) -> Iterator[tuple[str, Place, str]]:
    """What a density of several steps is given at the step before them, ``x_0`` of ``q(x_{1:T}|x_0)``: the letter, its
    place and the number."""
    for symbol in (each for each in call.args if isinstance(each, tree.Symbol)):
        for place, item in scripts(symbol):
            lower = item.lower if isinstance(item, tree.Range) else None
            if isinstance(lower, tree.Number) and lower.text.isdigit():
                before = (_letter(symbol), place, str(int(lower.text) - 1))
                yield from (each for given in call.given or () for each in _numbered(given) if each == before)


def _numbered(node: tree.Node) -> Iterator[tuple[str, Place, str]]:
    """A symbol at a number: its letter, the place and the number."""
    if isinstance(node, tree.Symbol):
        yield from ((_letter(node), place, item.text) for place, item in scripts(node) if isinstance(item, tree.Number))


def _letter(symbol: tree.Symbol) -> str:
    return "_".join([symbol.style + symbol.letter, *symbol.accents])


def step_of(item: tree.Node) -> str | None:
    """The index of ``t``, ``t - 1`` and ``t + k``; None of anything else."""
    first = item.terms[0] if isinstance(item, tree.Add) else item
    return plain(first)


def _moved(item: tree.Node) -> str | None:
    """The index whose neighbours a script reads; None where it reads none."""
    match item:
        case tree.Add():
            name = step_of(item)
        case tree.OpenRange(bound=bound):
            name = step_of(bound)
        case tree.Range(lower, upper):
            name = next((each for end in (upper, lower) if (each := step_of(end)) and _is_step_letter(each)), None)
        case _:
            return None
    return name if name is not None and _is_step_letter(name) else None


def bound_names(nodes: Iterable[tree.Node]) -> frozenset[str]:
    """The names that sums and products bind by their bounds."""
    found = (each for root in nodes for each in root.all(tree.Big))
    targets = (each.name if isinstance(each, tree.Binds) else each for big in found for each in big.binders)
    return frozenset(name for each in targets if (name := plain(each)) is not None)


def _is_step_letter(name: str) -> bool:
    return name.removesuffix("_prime") in STEP_LETTERS


def _symbols(nodes: Iterable[tree.Node]) -> Iterator[tree.Symbol]:
    return (each for root in nodes for each in root.all(tree.Symbol))


def values(nodes: Iterable[tree.Node]) -> Iterator[str]:
    """The names that stand as values: outside of scripts, exponents, conditions and bounds."""
    for node in nodes:
        match node:
            case tree.Symbol():
                if (name := plain(node)) is not None:
                    yield name
            case tree.Power(base=base):
                yield from values((base,))
            case tree.Big(body=body):
                yield from values((body,))
            case tree.Case(value=value):
                yield from values((value,))
            case tree.Chain(members=members, relations=relations) if set(relations) <= _RESTRICTS:
                yield from values(each for each in members if plain(each) is None)
            case _:
                yield from values(node.children)
