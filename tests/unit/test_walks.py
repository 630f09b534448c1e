"""Walks over graphs of nodes: several roots are one walk, and what is known is not walked again."""

from __future__ import annotations

import random

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.rewrite import has, kinds, rewrite, walk


def a_graph(seed: int, size: int) -> tuple[Arena, list[ir.Node]]:
    """Sums and negations of one another, at random."""
    chance, arena = random.Random(seed), Arena()
    nodes: list[ir.Node] = [arena.make(ir.Const, float(each)) for each in range(3)]
    for _ in range(size):
        below = [chance.choice(nodes[-6:]) for _ in range(chance.randint(1, 3))]
        nodes.append(arena.make(ir.Neg, below[0]) if len(below) == 1 else arena.make(ir.Add, tuple(below)))
    return arena, nodes


def by_recursion(roots: list[ir.Node]) -> list[ir.Node]:
    """Each node once, after its children."""
    found: dict[ir.Node, None] = {}

    def visit(node: ir.Node) -> None:
        if node not in found:
            for each in node.children:
                visit(each)
            found[node] = None

    for root in roots:
        visit(root)
    return list(found)


def test_several_roots_are_one_walk_in_the_order_of_a_recursion() -> None:
    for seed in range(20):
        _, nodes = a_graph(seed, 40)
        roots = random.Random(seed).sample(nodes, 4)
        assert list(walk(*roots)) == by_recursion(roots)
        assert list(walk(roots[0])) == by_recursion(roots[:1])
    assert list(walk()) == []


def test_the_kinds_below_a_node() -> None:
    _, nodes = a_graph(3, 40)
    for node in nodes:
        assert kinds(node) == {type(each) for each in by_recursion([node])}
        assert has(node, ir.Const) and not has(node, ir.Draw, ir.Data)


def test_a_chain_of_any_length_is_no_recursion() -> None:
    arena = Arena()
    node: ir.Node = arena.make(ir.Const, 1.0)
    for _ in range(50_000):
        node = arena.make(ir.Neg, node)
    assert kinds(node) == {ir.Const, ir.Neg}
    assert sum(1 for _ in walk(node, node.children[0])) == 50_001


def test_rewriting_with_one_memory_is_rewriting_each() -> None:
    for seed in range(10):
        arena, nodes = a_graph(seed, 40)
        three, four = arena.make(ir.Const, 2.0), arena.make(ir.Const, 4.0)

        def change(node: ir.Node, old: ir.Node = three, new: ir.Node = four) -> ir.Node:
            return new if node is old else node

        memo: dict[ir.Node, ir.Node] = {}
        together = [rewrite(arena, each, change, memo) for each in nodes]
        assert together == [rewrite(arena, each, change) for each in nodes]
