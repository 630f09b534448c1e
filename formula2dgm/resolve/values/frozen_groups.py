"""Densities and networks whose parameters are held constant where they stand: ``q_{\\bar\\phi}(z|x)``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.reading.names import read_name
from formula2dgm.reading.stopped import is_stopped, without_stops
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.values.averages import Average
from formula2dgm.resolve.values.followed import as_target
from formula2dgm.syntax import tree

N = TypeVar("N", bound=ir.Node)


def plain_call(context: Context, call: tree.Call) -> tree.Call | None:
    """The call of the density or network itself, where its parameters are averages of those, or are those held constant
    because it has no others: nothing is bound or declared under the very name. None for any other call."""
    if isinstance(call.head, tree.Power):  # f_{\bar\theta}^{-1}(y)
        inner = plain_call(context, replace(call, head=call.head.base))
        return None if inner is None else replace(call, head=replace(call.head, base=inner.head))
    if not isinstance(call.head, tree.Symbol):
        return None
    if (followed := _followed(context, call.head))[1]:
        return replace(call, head=followed[0])
    name = read_name(call.head, context.model.indices, head=True)
    if not is_stopped(name.group) or name.full in context.named.values or name.full in context.model.definitions:
        return None
    if any(
        each.signature.head == name.id and each.signature.group == name.group and (each.binding or each.declared)
        for each in context.densities.all
    ):
        return None
    plain = replace(call, head=without_stops(call.head))
    context.assume(f"the parameters of {call.head} are those of {plain.head}, held constant", call.head.span)
    return plain


def _followed(context: Context, head: tree.Symbol) -> tuple[tree.Symbol, list[Average]]:
    """The head with what its averages follow, ``f_\\theta`` for ``f_{\\bar\\theta}``, and the averages."""
    found = []
    for each in context.averages:
        if (plain := each.plain(head)) is not None:
            head = plain
            found.append(each)
    return head, found


def held(context: Context, call: tree.Node | None, node: N, values: Iterable[ir.Node]) -> N:
    """What was made of the plain call, as the ``call`` itself says: the parameters are averages, or held constant.

    Those that only the ``values`` it is taken at depend on are left as they are.
    """
    head = call.head if isinstance(call, tree.Call) else None
    if isinstance(head, tree.Power):
        head = head.base
    averages = _followed(context, head)[1] if isinstance(head, tree.Symbol) else []
    if not averages:
        return frozen(context.arena, node, values)
    kept = set(walk(*values))
    made = rewrite(context.arena, node, lambda each: each if each in kept else as_target(context, each, averages))
    assert isinstance(made, type(node))
    return made


def frozen(arena: Arena, node: N, values: Iterable[ir.Node]) -> N:
    """The node with its parameters held constant; those that only the ``values`` it is taken at depend on are not."""
    kept = set(walk(*values))

    def change(each: ir.Node) -> ir.Node:
        if each in kept:
            return each
        if isinstance(each, ir.NetCall) and not each.frozen:
            return arena.inherit(arena.make(ir.NetCall, each.network, each.args, True, each.copy, each.method), each)
        if isinstance(each, ir.Param) and each.learned and not each.frozen:
            return arena.inherit(arena.make(ir.Param, each.name, True, True, each.own, each.number), each)
        return each

    made = rewrite(arena, node, change)
    assert isinstance(made, type(node))
    return made
