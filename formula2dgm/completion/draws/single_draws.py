r"""Bounds at one draw that nothing draws: ``\log p(x|z) + \log p(z) - \log q(z|x)`` is under ``E_{q(z|x)}``.

An approximation, q, that is scored against densities of other letters is what its variable is drawn from, where all of
them read it, one as a given or beside more, and no statement, expectation, integral or divergence speaks of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading.notes import Note
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
                source = _source(node)
                if source is not None and not names & set(map(str, source.args)):
                    notes.append(Note(f"{', '.join(map(str, source.args))} is one draw from {source}", source.span))
                    return tree.Expect((source,), node, span=node.span)
        return node

    return [replace(each, body=drawn(each.body)) for each in statements], notes


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


def _source(body: tree.Node) -> tree.Call | None:
    """The one approximation whose variable all others read with the other sign, one as a given or beside more."""
    parts = [list(_scored(each, 1)) for each in (body.terms if isinstance(body, tree.Add) else (body,))]
    scored = [each for part in parts for each in part]
    if not all(parts):
        return None
    own = [(call, sign) for call, sign in scored if _letter(call) in POSTERIOR_LETTERS]
    if len(own) != 1:
        return None
    ((source, sign),) = own
    rest = [each for each in scored if each[0] is not source]
    reading = [call for call, _ in rest if set(source.args) & {*call.args, *(call.given or ())}]
    over = set(source.args)
    conditioned = any(over & set(call.given or ()) or over < set(call.args) for call in reading)
    fits = conditioned and len(reading) == len(rest) and all(each == -sign for _, each in rest)
    return source if fits and all(isinstance(each, tree.Symbol) for each in source.args) else None


def _letter(call: tree.Call) -> str:
    return call.head.letter if isinstance(call.head, tree.Symbol) else ""


def _scored(node: tree.Node, sign: int) -> Iterator[Scored]:
    """The densities whose logarithms a term is made of, numbers and sums over examples in front left out."""
    match node:
        case tree.Neg(body=body):
            yield from _scored(body, -sign)
        case tree.Add(terms=terms):
            for each in terms:
                yield from _scored(each, sign)
        case tree.Mul(factors=(*first, last)) if all(isinstance(each, tree.Number | tree.Div) for each in first):
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
