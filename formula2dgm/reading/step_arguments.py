"""Steps in round brackets: ``x(t+1) = A x(t) + B u(t)``, ``\\mu(t), \\sigma(t) = f(h_t)``.

What is defined at a step is a value of that step, and no function of time, where the time is a value nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading.notes import Notes
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import DENSITY_LETTERS
from formula2dgm.reading.steps import STEP_LETTERS, bound_names, step_of, steps_moved_along, values
from formula2dgm.syntax import tree


def name_step_arguments(roots: Sequence[tree.Node], notes: Notes) -> list[tree.Node]:
    """The trees with such calls as names with an index."""
    out = list(roots)
    defined = {str(call.head): step for root in roots for call in _defined(root) if (step := _step(call))}
    for time in sorted(set(defined.values())):
        heads = {head for head, step in defined.items() if step == time}
        changed = [_rewritten(each, time, heads) for each in out]
        if time not in set(values(changed)) and time in steps_moved_along(changed) | bound_names(changed):
            for root in out:
                for call in (each for each in root.walk() if _is_read_at(each, time, heads)):
                    notes.add(f"{call} is {_rewritten(call, time, heads)}: a value of the step, no function", call.span)
            out = changed
    return out


def _defined(root: tree.Node) -> Iterator[tree.Call]:
    """The calls on the left of an equation or a draw."""
    if isinstance(root, tree.Chain) and root.relations[0] in ("=", ":=", "~"):
        left = root.members[0]
        for each in left.items if isinstance(left, tree.Tuple) else (left,):
            if isinstance(each, tree.Call) and _is_plain_call(each):
                yield each


def _is_plain_call(node: tree.Node) -> bool:
    if not isinstance(node, tree.Call) or node.given is not None or node.params is not None or len(node.args) != 1:
        return False
    return isinstance(node.head, tree.Symbol) and node.head.letter not in DENSITY_LETTERS


def _step(call: tree.Call) -> str | None:
    step = step_of(call.args[0])
    return step if step in STEP_LETTERS else None


def _is_read_at(node: tree.Node, time: str, heads: set[str]) -> bool:
    """Is this a call at a step of the time, or of what is defined so at a numbered one?"""
    if not isinstance(node, tree.Call) or not _is_plain_call(node):
        return False
    return _step(node) == time or (isinstance(node.args[0], tree.Number) and str(node.head) in heads)


def _rewritten(node: tree.Node, time: str, heads: set[str]) -> tree.Node:
    node = map_children(node, lambda each: _rewritten(each, time, heads))
    if _is_read_at(node, time, heads):
        assert isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol)
        return replace(node.head, sub=(*node.head.sub, *node.args), span=node.span)
    return node
