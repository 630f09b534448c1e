"""Rebuilding trees."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, TypeVar

from formula2dgm.spans import Span
from formula2dgm.syntax import tree
from formula2dgm.syntax.tree_node import names_of

T = TypeVar("T")


def map_children(node: tree.Node, change: Callable[[tree.Node], tree.Node]) -> tree.Node:
    """The node with ``change`` applied to each child; itself where none changed."""
    try:
        old = node._children
    except AttributeError:
        old = node.children
    for position, each in enumerate(old):
        first = change(each)
        if first is not each:
            new = [*old[:position], first, *map(change, old[position + 1 :])]
            break
    else:
        return node
    made, changed = iter(new), dict[str, Any]()
    for name in names_of(type(node)):  # type: ignore[arg-type]
        value = getattr(node, name)
        if isinstance(value, tree.Node):
            changed[name] = next(made)
        elif isinstance(value, tuple):
            changed[name] = tuple(next(made) if isinstance(item, tree.Node) else item for item in value)
    return dataclasses.replace(node, **changed)


def replace(node: T, **fields: Any) -> T:
    """The node with other fields; itself, with what it knows of its nodes, where they are what it has."""
    for name, value in fields.items():
        own = getattr(node, name)
        if value is not own and not (
            isinstance(value, tuple) and isinstance(own, tuple) and len(value) == len(own) and all(map(is_, value, own))
        ):
            return dataclasses.replace(node, **fields)  # type: ignore[type-var]
    return node


def flatten(node: tree.Mul) -> tree.Mul:
    """A product whose factors are no products themselves."""
    if not any(isinstance(each, tree.Mul) for each in node.factors):
        return node
    factors: list[tree.Node] = []
    ops: list[str] = []
    for position, factor in enumerate(node.factors):
        if position:
            ops.append(node.ops[position - 1])
        if isinstance(factor, tree.Mul):
            inner = flatten(factor)
            factors += inner.factors
            ops += inner.ops
        else:
            factors.append(factor)
    return tree.Mul(tuple(factors), tuple(ops), span=node.span)


def span_over(nodes: Sequence[tree.Node]) -> Span:
    """The place of several nodes."""
    span = nodes[0].span
    for each in nodes[1:]:
        span = span | each.span
    return span


def listed(factors: Sequence[tree.Node]) -> str:
    """Factors side by side, for a note."""
    return " ".join(f"({each})" if isinstance(each, tree.Add) else str(each) for each in factors)
