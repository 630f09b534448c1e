r"""Entropies that name their distribution below the H: ``H_q(X_T|X_0)`` is ``H[q(x_T|x_0)]``.

Capitals are the random variables of which the small letters, that densities of the text are over, are values. Where x_0
is data, it is the entropy given it, averaged over the data: the conditional entropy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

_LETTERS = ("p", "q", "P", "Q", "pi")


def write_entropies_by_letter(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such entropies of densities, and what was decided; ``keys`` are what is bound.

    >>> from formula2dgm.syntax import parse
    >>> str(write_entropies_by_letter(parse(r"E_{q(z|x)}[f(z)] + H_q(Z|X)")[0], ())[0][0])
    'E_q(z|x)[f(z)] + H(q(z|x))'
    """
    nodes = [node for each in statements for node in each.body.walk()]
    known = [each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)]
    if any(_names_density(_below(each)) for each in (*known, *keys)):
        return list(statements), []
    densities = [
        each for each in nodes if isinstance(each, tree.Call) and is_density_call(each) and not _is_entropy(each)
    ]
    slots = [slot for each in densities for slot in (*each.args, *(each.given or ()))]
    letters = {each.letter for each in slots if isinstance(each, tree.Symbol)}
    notes: list[Note] = []

    def value(slot: tree.Node) -> tree.Node:
        """The value of a random variable: x of X, where the text has densities of x and none of X."""
        if not isinstance(slot, tree.Symbol) or slot.letter in letters or slot.letter.lower() not in letters:
            return slot
        return replace(slot, letter=slot.letter.lower())

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        if not _is_entropy(node):
            return node
        (head,) = _below(node)
        assert isinstance(node, tree.Call | tree.Func)
        behind = node.given if isinstance(node, tree.Call) else None
        given = None if behind is None else tuple(map(value, behind))
        density = tree.Call(head, tuple(map(value, node.args)), given, span=node.span)
        made = tree.Func("H", (density,), span=node.span)
        notes.append(Note(f"{node} is {made}", node.span))
        return made

    return [each.with_body(written(each.body)) for each in statements], notes


def _is_entropy(node: tree.Node) -> bool:
    """``H_q(z|x)``, ``H_p(z)``."""
    if not isinstance(node, tree.Call | tree.Func) or not _names_density(_below(node)):
        return False
    slots = (*node.args, *(node.given or ())) if isinstance(node, tree.Call) else node.args
    return bool(slots) and all(isinstance(each, tree.Symbol) for each in slots)


def _below(node: tree.Node) -> tuple[tree.Node, ...]:
    """What stands below the H of an entropy."""
    match node:
        case tree.Call(head=tree.Symbol("H", (), sub, ())) | tree.Func(name="H", sub=sub) | tree.Symbol("H", (), sub):
            return sub
    return ()


def _names_density(below: tuple[tree.Node, ...]) -> bool:
    return len(below) == 1 and isinstance(below[0], tree.Symbol) and below[0].letter in _LETTERS
