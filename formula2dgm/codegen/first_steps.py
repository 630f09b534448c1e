"""A first step of its own: ``if t == 0`` in the body of a loop, so that nothing is read from before the first step.

What only the other steps need is computed where they are; what both need, before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from formula2dgm.codegen.recurrence import Loop
from formula2dgm.codegen.step_nodes import FirstOrRest, SoFar
from formula2dgm.codegen.steps import Step
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk


@dataclass(frozen=True, eq=False)
class Branch:
    """The values whose first step is of its own and that can be computed at one place.

    before  what must be computed before them
    """

    values: tuple[FirstOrRest, ...]
    before: tuple[ir.Node, ...]


def branches(roots: Iterable[ir.Node]) -> dict[FirstOrRest, Branch]:
    """The branches of a step, by each of their values: those that lie equally many branches deep are one."""
    roots = list(roots)
    ordered = list(walk(*roots))
    depth: dict[ir.Node, int] = {}
    for node in ordered:
        below = max((depth[each] for each in node.children), default=0)
        depth[node] = below + isinstance(node, FirstOrRest)
    owners = _owners(ordered, roots, depth)
    found: dict[FirstOrRest, Branch] = {}
    for level in sorted(set(depth.values())):
        values = tuple(node for node in ordered if isinstance(node, FirstOrRest) and depth[node] == level)
        own = [node for node in ordered if owners[node] == {level}]
        read = dict.fromkeys(child for node in own for child in _read_by(node) if owners[child] != {level})
        firsts = [each.first for each in values]
        shared = [each.rest for each in values if owners[each.rest] != {level}]
        found |= dict.fromkeys(values, Branch(values, tuple(dict.fromkeys((*firsts, *shared, *read)))))
    return found


def _read_by(node: ir.Node) -> Iterable[ir.Node]:
    return (node.first,) if isinstance(node, FirstOrRest) else node.children


def _owners(ordered: list[ir.Node], roots: list[ir.Node], depth: dict[ir.Node, int]) -> dict[ir.Node, set[int | None]]:
    """For each node the branches, by depth, whose other steps need it; None among them where anything else does."""
    owners: dict[ir.Node, set[int | None]] = {node: set() for node in ordered}
    for root in roots:
        owners[root].add(None)
    for node in reversed(ordered):
        if isinstance(node, SoFar):  # it keeps every step
            owners[node].add(None)
        if isinstance(node, FirstOrRest):
            owners[node.rest].add(depth[node])
            owners[node.first].add(None)
            continue
        for child in node.children:
            owners[child] |= owners[node] if len(owners[node]) == 1 else {None}
    return owners


def only_after_the_first(step: Step, loop: Loop) -> frozenset[ir.Node]:
    """The values of the step before that no first step reads."""
    roots = [step.at[node] for node in dict.fromkeys((*loop.carried, *loop.kept))]
    ordered = list(walk(*roots))
    found: set[ir.Node] = set()
    needed: set[ir.Node] = {*roots, *(each for each in ordered if isinstance(each, SoFar))}
    for node in reversed(ordered):
        if node in needed:
            needed |= set(_read_by(node))
    for node in loop.previous:
        if step.at[node] not in needed:
            found.add(node)
    return frozenset(found)
