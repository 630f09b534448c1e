r"""Parts of a loss by the step, each in a statement of its own: ``L = E_q[L_T + \sum_{t>1} L_{t-1} + L_0]``.

Where ``L_{t-1}`` is defined at ``t-1``, or by what lies at ``t+1``, what stands for it at another step is not its
definition as it stands: each is put where it is read, at the step that is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.shifting import offset, plus, put
from formula2dgm.reading.signature import names_objective
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class _Part:
    """``name = body``; ``index`` is what the step is counted by, ``first`` what is added to it in the name."""

    name: tree.Symbol
    body: tree.Node
    index: str | None
    first: int


def write_parts(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements with the parts of losses in their places, named by braces."""
    parts = {each: part for each in statements if (part := _part(each.body)) is not None}
    letters = {part.name.letter for part in parts.values() if part.first or _reaches_on(part)}
    parts = {each: part for each, part in parts.items() if part.name.letter in letters}
    named = {part.name for part in parts.values()}
    if len(named) < len(parts):
        return list(statements)
    used = {
        each
        for each, part in parts.items()
        for other in statements
        if other is not each and any(_reads(node, part, named) for node in other.body.walk())
    }
    found = {each: part for each, part in parts.items() if each in used}
    out = [each for each in statements if each not in used]
    for _ in found:
        out = [each.with_body(_placed(each.body, list(found.values()), named)) for each in out]
    return out


def _part(body: tree.Node) -> _Part | None:
    """``L_{t-1} = ...``, ``L_0 = ...``."""
    if not isinstance(body, tree.Chain) or set(body.relations) - {"=", ":="}:
        return None
    name = body.members[0]
    if not isinstance(name, tree.Symbol) or len(name.sub) != 1 or not names_objective(name):
        return None
    (item,) = name.sub
    first = item.terms[0] if isinstance(item, tree.Add) else item
    index = plain(first)
    away = None if index is None else offset(item, index)
    if isinstance(item, tree.Number) or away is not None:
        return _Part(name, body.members[-1], None if away is None else index, away or 0)
    return None


def _reaches_on(part: _Part) -> bool:
    """Does it read what lies at the step after its index?"""
    return part.index is not None and any(offset(each, part.index) == 1 for each in part.body.walk())


def _reads(node: tree.Node, part: _Part, named: set[tree.Symbol]) -> bool:
    """Is it the part, or the part at another step that has no definition of its own?"""
    if node == part.name:
        return True
    if part.index is None or part.index.isupper() or not isinstance(node, tree.Symbol) or node in named:
        return False
    return len(node.sub) == 1 and replace(node, sub=part.name.sub) == part.name and _is_step(node.sub[0])


def _is_step(item: tree.Node) -> bool:
    first = item.terms[0] if isinstance(item, tree.Add) else item
    name = plain(first)
    return name is not None and len(name) == 1 and name.islower() and offset(item, name) is not None


def _placed(node: tree.Node, parts: Sequence[_Part], named: set[tree.Symbol]) -> tree.Node:
    """The node with the parts in the places of their names."""
    for part in parts:
        if isinstance(node, tree.Symbol) and _reads(node, part, named):
            body = part.body
            if node != part.name and part.index is not None:
                body = put(body, part.index, plus(node.sub[0], -part.first))
            return tree.Labelled(body, str(node), span=node.span)
    return map_children(node, lambda each: _placed(each, parts, named))
