r"""What a density is over where a dot stands for it: ``H(\pi_\theta(\cdot|s))``, ``KL[q(\cdot|x) \| p(\cdot)]``.

It is what a density of the same letter, given the same, is over elsewhere in the text or in a binding; or one of the
same letter; or the other side of the divergence. Where there are several, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import listed, map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def fill_blanks(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the variables of divergences and entropies in place of dots, and what was decided."""
    roots = [*(each.body for each in statements), *keys]
    known = [each for root in roots for each in root.all(tree.Call) if _is_written(each)]
    notes: list[Note] = []

    def filled(node: tree.Node) -> tree.Node:
        node = map_children(node, filled)
        match node:
            case tree.Divergence(left=left, right=right):
                left, right = _with_variables(left, known), _with_variables(right, known)
                sides = _like(left, right), _like(right, left)
                if sides != (node.left, node.right):
                    node = replace(node, left=sides[0], right=sides[1])
                    notes.append(Note(f"the dots of a divergence are variables: {node}", node.span))
            case tree.Func("H", arguments) if any(map(_is_blank, arguments)):
                made = tuple(_with_variables(each, known) for each in arguments)
                if made != arguments:
                    node = replace(node, args=made)
                    notes.append(Note(f"the dot of an entropy is a variable: {node}", node.span))
        return node

    return [each.with_body(filled(each.body)) for each in statements], notes


def _is_blank(node: tree.Node) -> bool:
    """Is this a density over a dot alone?"""
    return (
        isinstance(node, tree.Call)
        and isinstance(node.head, tree.Symbol)
        and len(node.args) == 1
        and isinstance(node.args[0], tree.Blank | tree.Ellipsis)
    )


def _is_written(call: tree.Call) -> bool:
    return is_density_call(call) and bool(call.args) and all(isinstance(each, tree.Symbol) for each in call.args)


def _with_variables(node: tree.Node, known: Sequence[tree.Call]) -> tree.Node:
    """The density with what one of its letter is over in place of the dot, if that is one thing."""
    if not _is_blank(node):
        return node
    call: tree.Call = node  # type: ignore[assignment]
    letter = call.head.letter  # type: ignore[attr-defined]
    alike = [each for each in known if each.head.letter == letter]  # type: ignore[attr-defined]
    given = [str(each) for each in call.given or ()]
    closest: list[Callable[[tree.Call], bool]] = [
        lambda each: [str(item) for item in each.given or ()] == given,
        lambda each: len(each.given or ()) == len(given),
    ]
    for fits in closest:
        found = {listed(each.args): each.args for each in alike if fits(each)}
        if found:
            return replace(call, args=next(iter(found.values()))) if len(found) == 1 else node
    return node


def _like(side: tree.Node, other: tree.Node) -> tree.Node:
    """A side of a divergence with the variables of the other in place of its dot."""
    if not (isinstance(side, tree.Call) and _is_blank(side) and isinstance(other, tree.Call) and _is_written(other)):
        return side
    return replace(side, args=other.args)
