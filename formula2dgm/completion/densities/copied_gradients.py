"""The straight-through gradient of a chosen row: copied to what the rows are compared with, where it is handed on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from formula2dgm.completion.densities.codes import Code
from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def with_copied_gradients(node: tree.Node, straight: Collection[str], notes: list[Note]) -> tree.Node:
    """The node in which the codes that densities and networks are handed have their gradient copied, if that is asked
    for; a note where it is not."""
    if isinstance(node, Code) or (isinstance(node, tree.Func) and node.name == "sg"):
        return node
    if isinstance(node, tree.Call):
        args = tuple(_copied(each, straight, notes) for each in node.args)
        given = None if node.given is None else tuple(_copied(each, straight, notes) for each in node.given)
        return replace(node, args=args, given=given)
    return map_children(node, lambda each: with_copied_gradients(each, straight, notes))


def _copied(node: tree.Node, straight: Collection[str], notes: list[Note]) -> tree.Node:
    if not isinstance(node, Code):
        return with_copied_gradients(node, straight, notes)
    target = _compared(node)
    head = str(_name(node))
    if head in straight and target is not None:
        notes.append(Note(f"the gradient of {head} is copied to {target}, where it is handed on", node.span))
        return replace(node, straight=target)
    notes.append(
        Note(
            f"no gradient passes through the choice of {head}: to copy it, write {target or 'z_e'} + "
            f"sg[{head} - {target or 'z_e'}] or pass estimators={{{head!r}: 'straight-through'}}",
            node.span,
        )
    )
    return node


def _name(node: Code) -> tree.Symbol:
    """The name alone."""
    return tree.Symbol(node.letter, node.accents, node.sub, node.sup, node.style, span=node.span)


def _compared(code: Code) -> tree.Node | None:
    """What the rows are compared with: z_e(x) of ``\\|z_e(x) - e_j\\|``."""
    for each in code.choice.body.walk():
        if isinstance(each, tree.Norm) and isinstance(each.body, tree.Add) and len(each.body.terms) == 2:
            bare = [term.body if isinstance(term, tree.Neg) else term for term in each.body.terms]
            if code.row in bare:
                return bare[1 - bare.index(code.row)]
    return None
