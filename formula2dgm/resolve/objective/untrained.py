r"""Networks that no player trains: T* of ``\max_\theta \max_\phi E_{q_\phi}[-T^*(x,z) + \log p_\theta(x|z)]``."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context


def note_untrained(context: Context, objectives: Sequence[Objective]) -> None:
    """Say which networks are held constant, where several players are named and none of them owns these."""
    if len(objectives) < 2 or not all(each.player for each in objectives):
        return
    trained = {name for each in objectives for name in each.trains or ()}
    nodes = walk(*(term.node for each in objectives for term in each.terms))
    called = {each.network for each in nodes if isinstance(each, ir.NetCall)}
    players = ", ".join(dict.fromkeys(str(each.player) for each in objectives))
    for network in context.networks.values():
        if network.name in called - trained and network.group is None:
            context.assume(f"{network.label} is held constant: only {players} are trained", objectives[0].span)
