r"""A score-function surrogate at one draw, of which nothing is said: ``\mathrm{sg}[\log p(y|z)] \log q(z|x)``.

A term in which a stopped value that reads z weighs ``\log q(z|x)``, beside a divergence of q, says what the gradient is
by a sample z of q: nothing else draws it. The terms that read z become an expectation over q, through which no gradient
reaches q: it would be counted twice.

    E_{z \sim \mathrm{sg}[q(z|x)]}[\log p(y|z) + \mathrm{sg}[\log p(y|z)] \log q(z|x)]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.names import read_name
from formula2dgm.reading.rewrite import listed, replace
from formula2dgm.reading.scopes import Names, occurs_free
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.reading.stopped import unstopped
from formula2dgm.syntax import tree


def write_surrogates(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such terms under their expectation, and what was decided."""
    bodies = [each.body for each in statements]
    names = Names.of(bodies, frozenset())
    compared = {letter for body in bodies for letter in _compared(body)}
    said = {item for body in bodies for item in _said(body)}
    notes: list[Note] = []

    def written(node: tree.Node) -> tree.Node:
        match node:
            case tree.Chain(members=members, relations=(relation, *_)) if relation not in ("in", "~"):
                return replace(node, members=tuple(map(written, members)))
            case tree.Optimise() | tree.Labelled():
                return replace(node, body=written(node.body))
        terms = node.terms if isinstance(node, tree.Add) else (node,)
        found = list(dict.fromkeys(call for each in terms for call in scored_by_stopped(each)))
        calls = [each for each in found if _over(each) & compared and not _over(each) & said]
        drawn = frozenset(id for call in calls for id in _ids(call, names))
        if not calls or len(drawn) != sum(len(each.args) for each in calls):
            return node
        reading = [each for each in terms if occurs_free(each, drawn, names)]
        inside = reading[0] if len(reading) == 1 else tree.Add(tuple(reading), span=node.span)
        draws = tuple(_stopped(each) for each in calls)
        drawing = f"{listed(draws)}: nothing else draws what stopped values weigh, and no gradient passes through it"
        notes.append(Note(drawing, node.span))
        made = tree.Expect(draws, inside, span=node.span)
        rest = tuple(each for each in terms if each not in reading)
        return tree.Add((made, *rest), span=node.span) if rest else made

    return [each.with_body(written(each.body)) for each in statements], notes


def scored_by_stopped(term: tree.Node) -> Iterator[tree.Call]:
    """q of a product of ``\\log q(z|x)`` and a stopped value that is given z."""
    node = term.body if isinstance(term, tree.Neg) else term
    if not isinstance(node, tree.Mul):
        return
    stopped = [unstopped(each) for factor in node.factors for each in factor.walk() if unstopped(each) is not each]
    for factor in node.factors:
        match factor:
            case (
                tree.Prefix(name="log", operand=tree.Call(head=tree.Symbol() as head) as call)
                | tree.Func(name="log", args=(tree.Call(head=tree.Symbol() as head) as call,))
            ) if head.letter in POSTERIOR_LETTERS and call.given is not None:
                given = {each for value in stopped for each in _given(value)}
                if all(isinstance(each, tree.Symbol) for each in call.args) and set(call.args) <= given:
                    yield call


def _given(node: tree.Node) -> Iterator[tree.Node]:
    """What densities and networks are given."""
    for each in node.walk():
        if isinstance(each, tree.Call):
            yield from each.given or ()
            yield from () if is_density_call(each) else each.args


def _over(call: tree.Call) -> frozenset[tuple[str, tuple[str, ...]]]:
    """The letters of what a density is over, with their accents."""
    return frozenset((each.letter, each.accents) for each in call.args if isinstance(each, tree.Symbol))


def _compared(body: tree.Node) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The letters of what approximations on the left of divergences are over."""
    for node in body.walk():
        if isinstance(node, tree.Divergence):
            for each in node.left.factors if isinstance(node.left, tree.Mul) else (node.left,):
                if isinstance(each, tree.Call) and isinstance(each.head, tree.Symbol):
                    yield from _over(each) if each.head.letter in POSTERIOR_LETTERS else ()


def _said(body: tree.Node) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The letters of what statements draw or define."""
    if isinstance(body, tree.Chain) and body.relations[0] != "in":
        for each in body.members[0].items if isinstance(body.members[0], tree.Tuple) else body.members[:1]:
            if isinstance(each, tree.Symbol):
                yield each.letter, each.accents


def _ids(call: tree.Call, names: Names) -> list[str]:
    return [read_name(each, names.indices).id for each in call.args if isinstance(each, tree.Symbol)]


def _stopped(call: tree.Call) -> tree.Draws:
    return tree.Draws(call.args, tree.Func("sg", (call,), span=call.span), span=call.span)
