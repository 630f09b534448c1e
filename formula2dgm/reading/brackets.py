"""The expectations of a text, each with what stands around it."""

from __future__ import annotations

from formula2dgm.syntax import tree


def brackets(root: tree.Node) -> list[tuple[tuple[tree.Node, ...], tree.Expect]]:
    """The expectations, each with what it and the brackets around it draw."""
    found: list[tuple[tuple[tree.Node, ...], tree.Expect]] = []

    def find(node: tree.Node, around: tuple[tree.Node, ...]) -> None:
        if isinstance(node, tree.Expect):
            around = (*around, *node.binders)
            found.append((around, node))
        for each in node.children:
            find(each, around)

    find(root, ())
    return found
