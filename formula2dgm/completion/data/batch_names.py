"""What the number of the examples of a batch is called where a rule writes sums over them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from formula2dgm.syntax import tree

#: Names that sums over a batch run to, the first that the text has no other use of.
_NAMES = ("B", "b")


def batch_name(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], sizes: Collection[tree.Node] = ()
) -> tree.Symbol:
    """A name that stands for no value of the text; ``sizes`` are what it calls this number itself."""
    bodies = [each.body for each in statements]
    values = {str(each) for body in bodies for each in _outside_scripts(body)} - {str(each) for each in sizes}
    values |= {str(each) for each in keys}
    name = next((each for each in _NAMES if each not in values), _NAMES[0])
    return tree.Symbol(name, span=bodies[0].span)


def _outside_scripts(node: tree.Node) -> Iterator[tree.Node]:
    """The names that stand for values: no labels, no indices."""
    if isinstance(node, tree.Symbol):
        yield node
        return
    for each in node.children:
        yield from _outside_scripts(each)
