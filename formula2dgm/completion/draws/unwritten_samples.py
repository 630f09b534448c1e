r"""Averages of samples whose index the text leaves out: ``E_{q(z|x)}[\log \frac1K \sum_{k=1}^K p(x,z) / q(z|x)]``.

Nothing under such a sum carries its index, so that it would be K times one value. Where it stands under the draw of a
variable that is read in the sum alone, it is over K draws of that variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.completion.draws.unsaid_samples import averaged
from formula2dgm.reading import Note
from formula2dgm.reading.data_names import DATA_SIZES
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def index_samples(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with an index on the draws that such a sum is over, and what was decided."""
    notes: list[Note] = []

    def rebuild(node: tree.Node) -> tree.Node:
        node = map_children(node, rebuild)
        if not isinstance(node, tree.Expect) or (found := _sampled(node)) is None:
            return node
        total, variable = found
        binder, item = node.binders[0], total.binders[0]
        assert isinstance(binder, tree.Call) and isinstance(item, tree.Binds) and total.upper is not None
        every = tree.Range(item.value, total.upper, span=binder.span)
        drawn = tree.Draws((replace(variable, sub=(every,)),), binder, span=binder.span)
        notes.append(Note(f"{total} is over draws of its own: {variable} is {variable}_{item.name} in it", total.span))
        body = _exchanged(node.body, variable, replace(variable, sub=(item.name,)))
        return replace(node, binders=(drawn,), body=body)

    return [each.with_body(rebuild(each.body)) for each in statements], notes


def _sampled(node: tree.Expect) -> tuple[tree.Big, tree.Symbol] | None:
    """The sum over samples under one draw, and what is drawn."""
    binder = node.binders[0] if len(node.binders) == 1 else None
    if not isinstance(binder, tree.Call) or not is_density_call(binder) or len(binder.args) != 1:
        return None
    variable = binder.args[0]
    totals = [total for each in node.body.walk() if (total := averaged(each)) is not None]
    if len(totals) != 1 or not isinstance(variable, tree.Symbol) or variable.sub or variable.sup:
        return None
    (total,) = totals
    item = total.binders[0]
    if not isinstance(item, tree.Binds) or str(item.value) != "1" or str(total.upper) in DATA_SIZES:
        return None
    inside = list(total.body.walk())
    indexed = any(plain(each) == plain(item.name) for each in inside if isinstance(each, tree.Symbol))
    draws = any(isinstance(each, tree.Expect | tree.Divergence) for each in inside)
    everywhere = sum(each == variable for each in node.body.walk())
    return None if indexed or draws or not 0 < inside.count(variable) == everywhere else (total, variable)


def _exchanged(node: tree.Node, old: tree.Node, new: tree.Node) -> tree.Node:
    if node == old:
        return replace(new, span=node.span)
    return map_children(node, lambda each: _exchanged(each, old, new))
