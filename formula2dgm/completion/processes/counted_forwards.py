r"""The way back of a process counted forwards, ``q(x_t|x_{t+1}, x_0)``, as ``q(x_{t-1}|x_t, x_0)``.

A sum over such terms runs one step later: ``\sum_{t=1}^{T-1}`` of them is ``\sum_{t=2}^T`` of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note, Notes
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.shifting import counts_by, offset, plus, shifted
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def count_backwards(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with each way back counted from its later step, and what was decided."""
    notes = Notes()
    out = []
    for each in statements:
        body = _within(each.body, notes)
        free = _index(body)
        if free is not None and not counts_by(body, free):
            notes.add(f"{free} is counted from the later step: {shifted(body, free, -1)}", body.span)
            body = shifted(body, free, -1)
        out.append(each.with_body(body))
    return out, notes.found


def _within(node: tree.Node, notes: Notes) -> tree.Node:
    """The node with the sums in it over ways back."""
    node = map_children(node, lambda each: _within(each, notes))
    match node:
        case tree.Big(binders=(tree.Binds(name=name, value=start),), upper=tree.Node() as upper, body=body):
            index = plain(name)
            if index is not None and index == _index(body) and not counts_by(body, index):
                binds = tree.Binds(name, plus(start, 1), span=node.span)
                made = replace(node, binders=(binds,), upper=plus(upper, 1), body=shifted(body, index, -1))
                notes.add(f"{index} is counted from the later step: {made}", node.span)
                return made
    return node


def _index(node: tree.Node) -> str | None:
    """The t of ``q(x_t|x_{t+1}, x_0)`` in a node in which nothing stands at ``t-1``."""
    for call in node.walk():
        if isinstance(call, tree.Call) and is_density_call(call) and len(call.args) == 1:
            (own,), given = call.args, call.given or ()
            index = plain(own.sub[0]) if isinstance(own, tree.Symbol) and len(own.sub) == 1 else None
            same = [
                each.sub[0]
                for each in given
                if isinstance(own, tree.Symbol) and isinstance(each, tree.Symbol) and letter_of(each) == letter_of(own)
                if len(each.sub) == 1
            ]
            starts = any(isinstance(each, tree.Number) and each.text == "0" for each in same)
            if index is not None and starts and any(offset(each, index) == 1 for each in same):
                steps = {offset(each, index) for each in node.walk()} - {None}
                return index if steps <= {0, 1} else None
    return None
