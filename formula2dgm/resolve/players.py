"""Who optimises what: one objective for each player, the other players' networks held constant."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.program import Network, Parameter, Term
from formula2dgm.ir.rewrite import rewrite, walk


def owned_by(
    player: tuple[str, ...], networks: dict[str, Network], parameters: dict[str, Parameter]
) -> tuple[str, ...]:
    """The networks and parameters that a player's names (``D``, ``phi``) stand for."""
    return tuple(
        each.name
        for each in (*networks.values(), *parameters.values())
        if each.group in player or each.name in player or each.label in player
    )


def frozen_for(arena: Arena, term: Term, owned: tuple[str, ...]) -> Term:
    """The term with every network and parameter that the player does not own made a constant."""

    def freeze(node: ir.Node) -> ir.Node:
        if isinstance(node, ir.NetCall) and node.network not in owned and not node.frozen:
            return arena.inherit(arena.make(ir.NetCall, node.network, node.args, True), node)
        if isinstance(node, ir.Param) and node.name not in owned and not node.frozen:
            return arena.inherit(arena.make(ir.Param, node.name, node.learned, True), node)
        return node

    return replace(term, node=rewrite(arena, term.node, freeze))


def depends_on(node: ir.Node, owned: tuple[str, ...]) -> bool:
    """Does a gradient reach one of the player's networks or parameters from this node?"""
    return any(
        (isinstance(each, ir.NetCall) and each.network in owned) or (isinstance(each, ir.Param) and each.name in owned)
        for each in walk(node)
    )
