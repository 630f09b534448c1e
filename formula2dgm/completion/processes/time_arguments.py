r"""A variable of a process as a function of time: ``x(t)`` and ``x(0)`` of ``p(x(t)|x(0))`` are ``x_t`` and ``x_0``.

It is one where a density is over it at one time, given it at another. ``x_t(x_0, \epsilon)``, which says of what
it is made, is ``x_t``. What an ordinary differential equation moves,
``\frac{dz(t)}{dt} = f(z(t), t)``, is a path of its own and stays so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_paths import NOISE, TIMES
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def write_time_arguments(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with times below the variables of processes, and what was decided; ``keys`` are what is bound.

    >>> from formula2dgm.syntax import parse
    >>> str(write_time_arguments(parse(r"E_{x(0), x(t)}[\\log p(x(t)|x(0))]")[0], ())[0][0])
    'E_{x_0, x_t}[log p(x_t|x_0)]'
    """
    nodes = [node for each in statements for node in each.body.walk()]
    moved = {
        letter_of(each.operand.head)
        for each in nodes
        if isinstance(each, tree.Prefix) and each.name == "deriv" and isinstance(each.operand, tree.Call)
        if isinstance(each.operand.head, tree.Symbol)
    }
    heads = [each.head if isinstance(each, tree.Call) else each for each in keys]
    functions = {plain(each) for each in heads}
    letters = {letter for each in nodes for letter in _over(each)} - moved - functions
    notes: list[Note] = []
    defined = {each.body.members[0].head for each in statements if _defines(each.body)}  # type: ignore[attr-defined]

    def said(node: tree.Node, made: tree.Node, what: str) -> tree.Node:
        if all(note.text != f"{node} is {made}{what}" for note in notes):
            notes.append(Note(f"{node} is {made}{what}", node.span))
        return made

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        if _is_made_of(node) and node.head not in (*defined, *heads):  # type: ignore[attr-defined]
            return said(node, replace(node.head, span=node.span), "")  # type: ignore[attr-defined]
        if (letter := _at_time(node)) not in letters:
            return node
        assert isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol)
        return said(node, replace(node.head, sub=node.args, span=node.span), f", {letter} at a time")

    return [each.with_body(written(each.body)) for each in statements], notes


def _over(node: tree.Node) -> Iterator[str]:
    """The letter of ``p(x(t)|x(s))``: what a density is over at one time, given itself at another."""
    if isinstance(node, tree.Call) and node.given and is_density_call(node):
        given = {_at_time(each) for each in node.given}
        yield from (letter for each in node.args if (letter := _at_time(each)) is not None and letter in given)


def _at_time(node: tree.Node) -> str | None:
    """The letter of ``x(t)``, ``x(0)``, ``x(T)`` and ``x(t - 1)``; None of anything else."""
    if not isinstance(node, tree.Call) or node.given is not None or node.params or len(node.args) != 1:
        return None
    (time,) = node.args
    first = time.terms[0] if isinstance(time, tree.Add) else time
    return plain(node.head) if isinstance(first, tree.Number) or plain(first) in (*TIMES, "T") else None


def _defines(body: tree.Node) -> bool:
    return isinstance(body, tree.Chain) and isinstance(body.members[0], tree.Call)


def _is_made_of(node: tree.Node) -> bool:
    """``x_t(x_0, \\epsilon)``: a point of a path, and what it is made of."""
    match node:
        case tree.Call(head=tree.Symbol(sub=(time,)) as head, args=(start, noise), given=None) if plain(time) in TIMES:
            return start == replace(head, sub=(tree.Number("0", span=head.span),)) and (
                isinstance(noise, tree.Symbol) and noise.letter in NOISE
            )
    return False
