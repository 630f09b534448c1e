r"""Bounds at one draw that nothing draws: ``\log p(x|z) + \log p(z) - \log q(z|x)`` is under ``E_{q(z|x)}``.

An approximation, q, that is scored against densities of other letters is what its variable is drawn from, where these
are one model that reads it, as a given or beside more, and no statement, expectation, integral or divergence speaks of
it. Another q beside it, its marginal ``\log q(z)`` or a classifier ``\log q(y|x)`` of data, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.reading.notes import Note
from formula2dgm.reading.rewrite import replace
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.syntax import tree

#: A density that is scored, and the sign of its logarithm.
Scored = tuple[tree.Call, int]


def draw_once(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with these draws written out, and what was decided. ``keys`` are what is bound."""
    notes: list[Note] = []
    others = [node for each in statements for node in each.body.walk() if isinstance(node, _DRAWING)]
    names = {str(each) for node in others for part in _drawn(node) for each in part.walk()} | set(map(str, keys))
    chains = [each.body for each in statements if isinstance(each.body, tree.Chain)]
    names |= {str(each.members[0]) for each in chains if each.relations[0] != "in"}

    def drawn(node: tree.Node) -> tree.Node:
        match node:
            case tree.Optimise(body=body):
                return replace(node, body=drawn(body))
            case tree.Chain(members=(*first, last)) if set(node.relations) <= {"=", ":=", ">=", ">"}:
                return replace(node, members=(*first, drawn(last)))
            case tree.Add() | tree.Prefix(name="log") | tree.Func(name="log"):
                sources = _sources(node)
                if sources and not names & {str(each) for source in sources for each in source.args}:
                    for source in sources:
                        notes.append(Note(f"{', '.join(map(str, source.args))} is one draw from {source}", source.span))
                    return tree.Expect(tuple(sources), node, span=node.span)
        return node

    return [each.with_body(drawn(each.body)) for each in statements], notes


#: What stands in front of a term and says nothing of its sign.
_WEIGHTS = (tree.Number, tree.Div, tree.Symbol)

#: What says where a variable comes from.
_DRAWING = (tree.Expect, tree.Divergence, tree.Integral, tree.Draws)


def _drawn(node: tree.Node) -> Iterator[tree.Node]:
    match node:
        case tree.Expect(binders=binders):
            yield from binders
        case tree.Divergence(left=left):
            yield left
        case tree.Integral(variables=names) | tree.Draws(names=names):
            yield from names


def _sources(body: tree.Node) -> list[tree.Call]:
    """The approximations whose variables others read with the other sign, parents first; none where a q is unclear."""
    parts = [list(_scored(each, 1)) for each in (body.terms if isinstance(body, tree.Add) else (body,))]
    scored = [each for part in parts for each in part]
    if not all(parts):
        return []
    own = [each for each in scored if _letter(each[0]) in POSTERIOR_LETTERS]
    others = [each for each in scored if each not in own]
    found = [call for call, sign in own if _fits(call, sign, others)]
    drawn = [each for call in found for each in call.args]
    rest = [call for call, _ in own if call not in found and not _is_marginal(call, found)]
    if len({*drawn}) < len(drawn) or any({*drawn} & {*call.args} for call in rest):
        return []
    ordered: list[tree.Call] = []
    while waiting := [each for each in found if each not in ordered]:
        open_ = {each for call in waiting for each in call.args}
        ready = [each for each in waiting if not open_ & {*(each.given or ())}]
        if not ready:
            return []
        ordered += ready
    return ordered


def _fits(source: tree.Call, sign: int, others: Sequence[Scored]) -> bool:
    """Do the densities of other letters that read its variable have the other sign, one of them with it as a given or
    beside more, and are those that do not read it of the same model?"""
    over = set(source.args)
    reading = [(call, each) for call, each in others if over & {*call.args, *(call.given or ())}]
    conditioned = any(over & set(call.given or ()) or over < set(call.args) for call, _ in reading)
    letters = {_letter(call) for call, _ in reading}
    model = all(_letter(call) in letters and each == -sign for call, each in others)
    return conditioned and model and all(isinstance(each, tree.Symbol) for each in source.args)


def _is_marginal(call: tree.Call, drawn: Sequence[tree.Call]) -> bool:
    """``q(z)`` beside ``q(z|x)``, which z is drawn from."""
    return not call.given and any(each.given and (each.head, each.args) == (call.head, call.args) for each in drawn)


def _letter(call: tree.Call) -> str:
    return call.head.letter if isinstance(call.head, tree.Symbol) else ""


def _scored(node: tree.Node, sign: int) -> Iterator[Scored]:
    """The densities whose logarithms a term is made of, weights and sums over examples in front left out."""
    match node:
        case tree.Neg(body=body):
            yield from _scored(body, -sign)
        case tree.Add(terms=terms):
            for each in terms:
                yield from _scored(each, sign)
        case tree.Mul(factors=(*first, last)) if all(isinstance(each, _WEIGHTS) for each in first):
            yield from _scored(last, sign)
        case tree.Labelled(body=body) | tree.Big(op="sum", body=body):
            yield from _scored(body, sign)
        case tree.Prefix(name="log", operand=body) | tree.Func(name="log", args=(body,)):
            yield from _under_log(body, sign)


def _under_log(node: tree.Node, sign: int) -> Iterator[Scored]:
    match node:
        case tree.Call() if is_density_call(node):
            yield node, sign
        case tree.Mul(factors=factors):
            for each in factors:
                yield from _under_log(each, sign)
        case tree.Div(numerator=above, denominator=below):
            yield from _under_log(above, sign)
            yield from _under_log(below, -sign)
