r"""Sums over labelled examples and sums over unlabelled ones, which are all of an objective.

    \sum_{i \in P} E_{q(z_i|x_i, y_i)}[f] + \sum_{i \notin P} E_{q(y_i|x_i)} E_{q(z_i|x_i, y_i)}[g]
    \sum_{(x, y) \in \mathcal{D}_l} f(x, y) + \sum_{x \in \mathcal{D}_u} g(x)

A set P of numbers of examples and the numbers outside of it are two data sets where a variable is data in the one and
drawn in the other: there it is the label that the example does not have. Each sum becomes an expectation over its data
set, times the share of these examples in all data, ``N_l / (N_l + N_u)``: the numbers weigh the sums, so they have to
be said; where networks are made by default, there are as many of each (an assumption).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.completion.data.data_sums import set_of_data
from formula2dgm.completion.data.example_sets import over_set
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.data_names import DATA_SIZES
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children, replace
from formula2dgm.records import dataclass
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

#: The data sets of the examples in a set of numbers, and outside of it.
INSIDE, OUTSIDE = "l", "u"


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum over one of several data sets; ``source`` is the data set and ``names`` are its variables."""

    node: tree.Big
    source: tree.Symbol
    names: tuple[tree.Symbol, ...]
    body: tree.Node

    @property
    def size(self) -> tree.Symbol:
        """The number of its examples, ``N_l``."""
        return tree.Symbol("N", sub=self.source.sub, span=self.node.span)


def write_labelled_sets(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], scaffold: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such sums as expectations, and what was decided; ``keys`` are what is bound."""
    chains = [each.body for each in statements if isinstance(each.body, tree.Chain)]
    said = {str(each) for each in keys} | {str(each.members[0]) for each in chains}
    notes: list[Note] = []
    counted: set[tree.Symbol] = set()

    def rebuild(node: tree.Node) -> tree.Node:
        match node:
            case tree.Chain(members=(*first, last)):
                return replace(node, members=(*first, rebuild(last)))
            case tree.Optimise() | tree.Neg() | tree.Labelled():
                return replace(node, body=rebuild(node.body))
            case tree.Add(terms):
                sums = _numbered(terms, said) or _named(terms, said)
                if not sums:
                    return node
                if not scaffold:
                    _need_numbers(sums, said)
                notes.extend(_notes(sums))
                counted.update(index for each in sums for index, *_ in over_set(each.node))
                return _shared(node, sums)
        return node

    made = [each.with_body(rebuild(each.body)) for each in statements]
    return [each.with_body(_space(each.body, counted)) for each in made], notes


def _space(body: tree.Node, counted: set[tree.Symbol]) -> tree.Node:
    """``y \\in \\{1, \\dots, K\\}`` for that of ``y_i``."""
    if isinstance(body, tree.Chain) and body.relations == ("in",):
        for index in counted:
            body = replace(body, members=(_without_index(body.members[0], index), *body.members[1:]))
    return body


def _need_numbers(sums: Sequence[_Sum], said: set[str]) -> None:
    """Refuse sums of which nothing says how many examples they are over."""
    missing = [each for each in dict.fromkeys(str(each.size) for each in sums) if each not in said]
    if missing:
        node = next(each.node for each in sums if str(each.size) in missing)
        (over,) = node.binders
        message = f"how many examples have {over} weighs this sum against the others, and is not written"
        numbers = ", ".join(f"{each!r}: {1000 * (place + 1)}" for place, each in enumerate(missing))
        hint = f"bind the numbers of examples: {{{numbers}}}; or write means over named data: E_{{p_l(x_l, y_l)}}[...]"
        raise FormulaError(Diagnostic("F2D-0415", "error", message, node.span, hint))


def _sums(terms: Sequence[tree.Node]) -> list[tree.Big]:
    """The terms without their signs and weights, where all are sums; else none."""
    sums = [each for each in map(_sum_of, terms) if each is not None]
    return sums if len(sums) == len(terms) else []


def _sum_of(term: tree.Node) -> tree.Big | None:
    """The sum of ``-\\alpha \\sum_{i \\in P} f_i``."""
    match term:
        case tree.Neg(body=body):
            return _sum_of(body)
        case tree.Mul(factors=(*weights, tree.Big() as last)) if all(map(_is_weight, weights)):
            return last
        case tree.Big():
            return term
    return None


def _is_weight(node: tree.Node) -> bool:
    return isinstance(node, tree.Number) or (isinstance(node, tree.Symbol) and str(node) not in DATA_SIZES)


# -- a set of numbers, and the numbers outside of it -----------------------------------------------------


def _numbered(terms: Sequence[tree.Node], said: set[str]) -> list[_Sum]:
    """Sums over ``i \\in P`` and over ``i \\notin P``, where what is data inside is drawn outside."""
    sums = _sums(terms)
    found = [item for each in sums for item in over_set(each)]
    if len(found) != len(sums) or {inside for *_, inside in found} != {True, False}:
        return []
    if len({named for _, named, _ in found}) != 1 or str(found[0][1]) in said:
        return []
    made: list[_Sum] = []
    known: dict[bool, dict[tree.Symbol, None]] = {True: {}, False: {}}
    drawn: set[tree.Symbol] = set()
    for each, (index, _, inside) in zip(sums, found, strict=True):
        body = _without_index(each.body, index)
        own = set(_drawn(each.body, index))
        known[inside] |= {name: None for name in _at(each.body, index) if name not in own}
        drawn |= set() if inside else own
        source = tree.Symbol("D", sub=(_label(inside, each.span),), style="cal", span=each.span)
        made.append(_Sum(each, source, (), body))
    labels = known[True].keys() - known[False].keys()
    if not labels or not labels <= drawn or known[False].keys() - known[True].keys():
        return []
    names = {INSIDE: tuple(known[True]), OUTSIDE: tuple(known[False])}
    return [replace(each, names=names[str(each.source.sub[0])]) for each in made] if known[False] else []


def _label(inside: bool, span: Span) -> tree.Symbol:
    return tree.Symbol(INSIDE if inside else OUTSIDE, span=span)


def _at(body: tree.Node, index: tree.Symbol) -> Iterator[tree.Symbol]:
    """The variables that are read at the index, without it."""
    for each in body.walk():
        if isinstance(each, tree.Symbol) and index in (*each.sub, *each.sup):
            yield _bare(each, index)


def _drawn(body: tree.Node, index: tree.Symbol) -> Iterator[tree.Symbol]:
    """The variables that are drawn at the index."""
    for node in body.walk():
        items: tuple[tree.Node, ...] = ()
        match node:
            case tree.Expect(binders=items) | tree.Big(binders=items):
                pass
            case tree.Divergence(left=side) | tree.Func(name="H", args=(side,)):
                items = side.factors if isinstance(side, tree.Mul) else (side,)
        for item in items:
            names = (
                item.names if isinstance(item, tree.Draws) else item.args if isinstance(item, tree.Call) else (item,)
            )
            for each in names:
                if isinstance(each, tree.Symbol) and index in (*each.sub, *each.sup):
                    yield _bare(each, index)


def _bare(symbol: tree.Symbol, index: tree.Symbol) -> tree.Symbol:
    sub, sup = (tuple(each for each in side if each != index) for side in (symbol.sub, symbol.sup))
    return replace(symbol, sub=sub, sup=sup)


def _without_index(node: tree.Node, index: tree.Symbol) -> tree.Node:
    if isinstance(node, tree.Symbol) and index in (*node.sub, *node.sup):
        node = _bare(node, index)
    return map_children(node, lambda each: _without_index(each, index))


# -- data sets with names --------------------------------------------------------------------------------


def _named(terms: Sequence[tree.Node], said: set[str]) -> list[_Sum]:
    """Sums over the elements of data sets, of which at least two have different names."""
    made: list[_Sum] = []
    for each in _sums(terms):
        found = set_of_data(each)
        if found is None or str(found[1]) in said or [plain(label) for label in found[1].sub] == [None]:
            return []
        names, source = found
        symbols = tuple(name for name in names if isinstance(name, tree.Symbol))
        made.append(_Sum(each, source, symbols, each.body))
    several = len({each.source for each in made}) > 1 and all(len(each.source.sub) == 1 for each in made)
    return made if several else []


# -- what they become ------------------------------------------------------------------------------------


def _notes(sums: Sequence[_Sum]) -> Iterator[Note]:
    for each in sums:
        if (found := next(over_set(each.node), None)) is not None:
            _, named, inside = found
            over = ", ".join(map(str, each.names))
            where = f"in {named}" if inside else f"outside of {named}"
            known = "have labels" if inside else "have none"
            said = f"the examples {where} {known}: they are the data set {each.source} of ({over})"
            yield Note(said, each.node.span)
    sizes = list(dict.fromkeys(str(each.size) for each in sums))
    said = f"each sum is the mean over its data times their share in all data, of which there are {' + '.join(sizes)}"
    yield Note(said, sums[0].node.span)


def _shared(node: tree.Add, sums: Sequence[_Sum]) -> tree.Add:
    sizes = tuple(dict.fromkeys(each.size for each in sums))
    terms = zip(node.terms, sums, strict=True)
    return replace(node, terms=tuple(_with_share(term, each, sizes) for term, each in terms))


def _with_share(term: tree.Node, each: _Sum, sizes: tuple[tree.Node, ...]) -> tree.Node:
    """The term with the expectation and the share for its sum."""
    if term is not each.node:
        return map_children(term, lambda child: _with_share(child, each, sizes))
    span = each.node.span
    share = tree.Div(each.size, tree.Add(sizes, span=span), span=span)
    drawn = tree.Expect((tree.Draws(each.names, each.source, span=span),), each.body, span=span)
    return tree.Mul((share, drawn), ("",), span=span)
