r"""Values written as a subscript: in ``E_{q(w)}[\log p(y|f_w(x))]``, which reads w nowhere else, f_w(x) is f(x, w).

So it is in what a statement says of a density that is given w, ``p(y|x, w) = \mathcal{N}(y; f_w(x), s^2)``.  Where the
body reads w elsewhere, too, the subscript is a label: ``D_z(z)``.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children, replace
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

#: Letters that number functions.
_INDICES = INDEX_LETTERS - {"s", "t"}


def write_arguments(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such subscripts as arguments.

    >>> from formula2dgm.syntax import parse
    >>> str(write_arguments(parse("E_q(w)[log p(y|f_w(x))]")[0])[0][0])
    'E_q(w)[log p(y|f(x, w))]'
    """
    notes: list[Note] = []

    def written(node: tree.Node) -> tree.Node:
        changed = map_children(node, written)
        match changed:
            case tree.Expect(body=body):
                return replace(changed, body=_taken(body, _drawn(changed), notes))
            case tree.Chain(members=(tree.Call(given=given) as left, *others)) if given and is_density_call(left):
                names = [name for each in given if (name := plain(each)) is not None]
                return replace(changed, members=(left, *(_taken(each, names, notes) for each in others)))
        return changed

    return [each.with_body(written(each.body)) for each in statements], notes


def _drawn(node: tree.Expect) -> list[str]:
    """The variables that an expectation draws."""
    calls = [each.args for each in node.binders if isinstance(each, tree.Call) and is_density_call(each)]
    names = [each.names for each in node.binders if isinstance(each, tree.Draws)]
    return [name for group in (*calls, *names) for each in group if (name := plain(each)) is not None]


def _taken(body: tree.Node, names: Sequence[str], notes: list[Note]) -> tree.Node:
    for name in (each for each in names if each not in _INDICES):  # f_k is another function for each k
        inside = [each for each in body.walk() if _is_subscripted(each, name)]
        if inside and len(inside) == sum(plain(each) == name for each in body.walk()):
            body = _as_argument(body, name)
            notes.append(Note(f"{inside[0]} reads {name}, as {_as_argument(inside[0], name)}", inside[0].span))
    return body


def _is_subscripted(node: tree.Node, name: str) -> bool:
    """Is it a network, applied, with the name as its subscript: ``f_w(x)``?"""
    if not isinstance(node, tree.Call) or not isinstance(node.head, tree.Symbol) or is_density_call(node):
        return False
    return [plain(each) for each in node.head.sub] == [name]


def _as_argument(node: tree.Node, name: str) -> tree.Node:
    changed = map_children(node, lambda each: _as_argument(each, name))
    if not _is_subscripted(changed, name):
        return changed
    assert isinstance(changed, tree.Call) and isinstance(changed.head, tree.Symbol)
    return replace(changed, head=replace(changed.head, sub=()), args=(*changed.args, changed.head.sub[0]))
