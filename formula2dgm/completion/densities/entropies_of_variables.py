r"""Entropies of variables: ``H(c)`` beside ``c \sim P(c)`` is ``H(P(c))``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading.notes import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def write_entropies(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the one law that the text draws the variable from, and what was decided."""
    laws: dict[tree.Node, set[tree.Call]] = {}
    for node in (node for each in statements for node in each.body.walk()):
        for name, law in _drawn(node):
            laws.setdefault(name, set()).add(law)
    notes: list[Note] = []

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        match node:
            case tree.Func(name="H", args=(tree.Symbol() as name,)) if len(laws.get(name, ())) == 1:
                (law,) = laws[name]
                notes.append(Note(f"{node} is the entropy of {law}", node.span))
                return replace(node, args=(replace(law, span=name.span),))
        return node

    return [each.with_body(written(each.body)) for each in statements], notes


def _drawn(node: tree.Node) -> Iterator[tuple[tree.Node, tree.Call]]:
    """A variable and the law over it alone that an expectation or a statement draws it from."""
    items = node.binders if isinstance(node, tree.Expect) else (node,) if isinstance(node, tree.Draws) else ()
    for item in items:
        match item:
            case tree.Call(args=(name,), given=None) as law:
                yield name, law
            case tree.Draws(names=(name,), density=tree.Call(args=(other,), given=None) as law) if other == name:
                yield name, law
    match node:
        case tree.Chain(members=(name, tree.Call(args=(other,), given=None) as law), relations=("~",)) if other == name:
            yield name, law
