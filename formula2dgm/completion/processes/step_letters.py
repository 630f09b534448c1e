r"""One letter for the steps of a density: a sum over s of ``p(x_{s-1}|x_s)`` beside ``p(x_{t-1}|x_t) = ...t...``.

The declaration reads its step t as a number; under a sum over s that number is s. The sum gets its letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading.names import mentions, plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.shifting import counts_by, offset, put
from formula2dgm.reading.signature import is_density_call
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class _Declared:
    """A density whose law reads the letter of its step."""

    shape: tuple[object, ...]
    letter: str


def with_one_letter(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements, sums and products over what is declared by another letter with that letter."""
    declared = [found for each in statements for found in _declared(each.body)]
    return [each.with_body(_within(each.body, declared)) for each in statements] if declared else list(statements)


def _declared(body: tree.Node) -> Iterator[_Declared]:
    if isinstance(body, tree.Chain) and isinstance(call := body.members[0], tree.Call) and is_density_call(call):
        for letter in {plain(each) for slot in _slots(call) for each in slot.walk()} - {None}:
            shape = _shape(call, letter or "")
            if shape is not None and letter and any(_reads(each, letter) for each in body.members[1:]):
                yield _Declared(shape, letter)


def _slots(call: tree.Call) -> tuple[tree.Node, ...]:
    return tuple(
        each.sub[0] for each in (*call.args, *(call.given or ())) if isinstance(each, tree.Symbol) and each.sub
    )


def _shape(call: tree.Call, letter: str) -> tuple[object, ...] | None:
    """The density with its steps as counted from the letter; None where none of them is."""
    slots = (*call.args, *(call.given or ()))
    steps = [
        offset(each.sub[0], letter) if isinstance(each, tree.Symbol) and len(each.sub) == 1 else None for each in slots
    ]
    if all(each is None for each in steps):
        return None
    names = tuple(letter_of(each) if isinstance(each, tree.Symbol) else str(each) for each in slots)
    return str(call.head), len(call.args), names, tuple(steps)


def _reads(node: tree.Node, letter: str) -> bool:
    """Does it read the letter as a number, and not only as an index?"""
    if isinstance(node, tree.Symbol):
        return plain(node) == letter
    return any(_reads(each, letter) for each in node.children)


def _within(node: tree.Node, declared: Sequence[_Declared]) -> tree.Node:
    node = map_children(node, lambda each: _within(each, declared))
    match node:
        case tree.Big(binders=(tree.Binds(name=tree.Symbol() as name, value=start),), body=body):
            index = plain(name)
            letters = {
                each.letter
                for each in declared
                for call in body.all(tree.Call)
                if index and each.shape == _shape(call, index)
            }
            if index is None or index in letters or len(letters) != 1 or counts_by(body, index):
                return node
            (letter,) = letters
            if mentions(body, {letter}) or counts_by(body, letter):
                return node
            new = replace(name, letter=letter, accents=())
            return replace(node, binders=(tree.Binds(new, start, span=node.span),), body=put(body, index, new))
    return node
