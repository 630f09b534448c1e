"""Calls with weights that are moving averages of others: of a copy of the network, with a name of its own."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.bindings import TensorValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Parameter
from formula2dgm.reading.names import GREEK_GROUPS, read_name
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.values.averages import Average
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Following:
    """A network or tensor that the formula calls with averaged weights."""

    of: str
    average: Average


def as_target(context: Context, node: ir.Node, averages: Sequence[Average]) -> ir.Node:
    """A call of a network as that of its target; what carries another parameter group is held constant."""
    arena = context.arena
    match node:
        case ir.NetCall(network, args, _, copy, method) if network not in context.followed:
            name = _target(context, context.networks[network], averages) or network
            return arena.inherit(arena.make(ir.NetCall, name, args, True, copy, method), node)
        case ir.Param(tensor, learned, _, own, number) if learned and tensor not in context.followed:
            follower = _target(context, context.parameters[tensor], averages)
            made = arena.make(ir.Param, follower or tensor, follower is None, True, own, number)
            return arena.inherit(made, node)
    return node


def averaged_tensor(context: Context, symbol: tree.Symbol) -> tuple[tree.Symbol, Average] | None:
    """The bound tensor whose averages a symbol names: W for ``\\bar W``."""
    for each in context.averages:
        plain = each.plain(symbol)
        bound = context.named.find(read_name(plain, context.model.indices, head=True)) if plain is not None else None
        if plain is not None and bound is not None and isinstance(bound.value, TensorValue):
            return plain, each
    return None


def _target(context: Context, owner: Network | Parameter, averages: Sequence[Average]) -> str | None:
    """The name of the copy that follows a network or a tensor; None where none of the averages is of its group."""
    average = next((each for each in averages if _is_of(owner, each)), None)
    if average is None:
        return None
    for name, known in context.followed.items():
        if known.of == owner.name and known.average is average:
            return name
    name = f"{owner.name}_target"
    while name in {*context.followed, *context.networks, *context.parameters, *context.inputs}:
        name += "_"
    context.followed[name] = Following(owner.name, average)
    return name


def _is_of(owner: Network | Parameter, average: Average) -> bool:
    """Is the owner among what the average follows: of its group, or of none?"""
    if average.of.letter not in GREEK_GROUPS or average.of.sub:
        return True
    return owner.group is None or owner.group == "_".join([average.of.letter, *average.of.accents])
