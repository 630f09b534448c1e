r"""What a function is given, where its use does not write it: ``\psi_t(x_0)`` of ``\psi_t(x|x_1)``.

Only functions are meant: a density of fewer conditions is another density.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.completion.names.unfolding import functions_defined
from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def write_givens(
    statements: Sequence[tree.Statement], heads: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such calls given what the definition is given; ``heads`` are what is bound.

    >>> from formula2dgm.syntax import parse
    >>> found = parse("u_t(x|y) = y - 2 x; L = E_{p(x, y)} ||v(x, t) - u_t(x)||^2")[0]
    >>> str(write_givens(found, ())[0][1])
    'L = E_{p(x, y)} ||v(x, t) - u_t(x|y)||^2'
    """
    given = {each.call.head: each.call for each in functions_defined(statements, heads) if each.call.given is not None}
    notes: list[Note] = []

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        own = given.get(node.head) if isinstance(node, tree.Call) else None
        if own is None or not isinstance(node, tree.Call) or node.given is not None or len(node.args) != len(own.args):
            return node
        made = replace(node, given=own.given)
        notes.append(Note(f"{node} is {made}", node.span))
        return made

    return [each.with_body(written(each.body)) for each in statements] if given else list(statements), notes
